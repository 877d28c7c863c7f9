using Gateway.Kernel.Rules;

namespace Gateway.Kernel.Services;

/// <summary>The chains and maps of one service whose flows Gateway's own maps know: under Direct Server Return, and under
/// NAT without connection tracking.</summary>
/// <remarks>
/// A flow is in the map <c>flows</c> from its first packet (60 s until the second, as IPVS's SYN_RECV), in <c>closing</c>
/// once either side of what passes here has said FIN or RST, and in <c>relayed</c> when the machine's own stack took it.
/// Under Direct Server Return only the client's half passes here, so that a close by the server alone is seen when the client
/// answers it.
/// </remarks>
internal static class FlowService
{
    private static readonly TimeSpan _openingTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Fragments of one datagram come together, or not at all.</summary>
    private static readonly TimeSpan _fragmentTimeout = TimeSpan.FromSeconds(10);

    /// <summary>What services have in common.</summary>
    /// <param name="Table">The table.</param>
    /// <param name="Send">Where packets go whose target is known, by the mark.</param>
    /// <param name="SendErrors">The same for ICMP errors about answers.</param>
    /// <param name="Fragments">The map by which later fragments find the target of the first; null is none.</param>
    /// <param name="Alive">The ids of targets whose flows may go on.</param>
    /// <param name="Welcoming">The ids of those that remembered clients may go to.</param>
    /// <param name="Started">Counters of flows that began.</param>
    /// <param name="Ended">Counters of flows that one side has closed.</param>
    public sealed record Shared(
        NftTable Table, NftChain Send, NftChain SendErrors, NftSet? Fragments, NftSet Alive, NftSet Welcoming, NftSet Started,
        NftSet Ended);

    /// <summary>What a service has got.</summary>
    /// <param name="Entry">Where its packets enter.</param>
    /// <param name="Icmp">Where errors about its answers enter.</param>
    /// <param name="Flows">The flows that are open.</param>
    /// <param name="Closing">Those that one side has closed; null with UDP.</param>
    public sealed record Parts(NftChain Entry, NftChain Icmp, NftSet Flows, NftSet? Closing);

    /// <summary>Adds a service.</summary>
    public static Parts Add(ForwardedService service, Shared shared, FlowKeys keys)
    {
        var maps = Maps.Add(service, shared.Table, keys);
        var chains = new Chains(service, shared, keys, maps);
        return new Parts(service.IsUdp ? chains.Udp() : chains.Tcp(), chains.Icmp(), maps.Flows, maps.Closing);
    }

    /// <summary>How a new flow chooses its slot.</summary>
    public static Value Choice(ForwardedService service)
    {
        var count = (uint)service.Slots.Length;
        if (!service.IsHashed)
        {
            return new Turn(count);
        }

        var client = Headers.Client(service.IsIPv6, service.HashPrefix);
        return new Hash(service.HashesPort ? client.Then(Headers.SourcePort) : client, count, Headers.Seed);
    }

    /// <summary>The map from a slot to an id.</summary>
    public static NftSet SlotMap(ForwardedService service) => new(service.Name + "_slots", FieldType.Mark, FieldType.Mark)
    {
        Slots = service.Slots,
        Capacity = service.Slots.Length,
        Example = "numgen inc mod 65536 : meta mark",
    };

    private sealed record Maps(NftSet Slots, NftSet Flows, NftSet? Closing, NftSet Relayed, NftSet? Clients)
    {
        public static Maps Add(ForwardedService service, NftTable table, FlowKeys keys) => new(
            table.Add(SlotMap(service)),
            table.Add(new NftSet(service.Name + "_flows", keys.Type, FieldType.Mark) { Size = service.MaxFlows }),
            service.IsUdp ? null : table.Add(new NftSet(service.Name + "_closing", keys.Type, FieldType.Mark) { Size = service.MaxFlows }),
            table.Add(new NftSet(service.Name + "_relayed", keys.Type) { Size = service.MaxFlows }),
            service.Persistence is null ? null
                : table.Add(new NftSet(service.Name + "_clients", keys.ClientType, FieldType.Mark) { Size = service.MaxFlows }));
    }

    private sealed class Chains(ForwardedService service, Shared shared, FlowKeys keys, Maps maps)
    {
        /// <summary>Gives the packet to the machine's own stack; where it is to be routed by then, without the mark that it had
        /// here.</summary>
        private IReadOnlyList<Statement> ToStack { get; } =
            service.IsStateless ? [new SetMark(new Constant(0)), Simple.Accept] : [Simple.Accept];

        private Contained IsAlive => new(Meta.Mark, shared.Alive);

        public NftChain Tcp()
        {
            var admit = Admit();
            var schedule = Schedule(admit);
            var open = Open();
            var closing = Closing(schedule);
            var dead = shared.Table.Add(new NftChain(service.Name + "_dead"));
            dead.Add(Forget(maps.Flows), Forget(maps.Closing!), Simple.Reset);

            var entry = shared.Table.Add(new NftChain(service.Name));
            Find(entry, maps.Flows, IsAlive, Simple.GoTo(open));
            Find(entry, maps.Closing!, IsAlive, Simple.GoTo(closing));
            AddRelayed(entry);
            entry.Add(Headers.IsSyn, Forget(maps.Flows), Forget(maps.Closing!), Simple.GoTo(schedule));
            Find(entry, maps.Flows, Simple.GoTo(dead));
            Find(entry, maps.Closing!, Simple.GoTo(dead));
            AddUnknown(entry);
            entry.Add(ToStack);
            return entry;
        }

        public NftChain Udp()
        {
            var send = SendDatagrams();
            if (service.OnePacket)
            {
                var single = shared.Table.Add(new NftChain(service.Name));
                single.Add(Chosen(FlowService.Choice(service)), new Count(Meta.Mark, shared.Started), Simple.GoTo(send));
                single.Add(Simple.Accept);
                return single;
            }

            var admit = Admit(send);
            var schedule = Schedule(admit);
            var seen = shared.Table.Add(new NftChain(service.Name + "_open"));
            seen.Add(new Change(SetChange.Update, maps.Flows, keys.Request.Key, Meta.Mark, service.IdleTimeout));
            seen.Add(Simple.GoTo(send));

            var entry = shared.Table.Add(new NftChain(service.Name));
            Find(entry, maps.Flows, IsAlive, Simple.GoTo(seen));
            AddRelayed(entry);
            entry.Add(Forget(maps.Flows), Simple.GoTo(schedule));
            return entry;
        }

        private NftChain SendDatagrams()
        {
            if (service.IsStateless)
            {
                return shared.Send;
            }

            var send = shared.Table.Add(new NftChain(service.Name + "_send"));
            if (shared.Fragments is { } fragments)
            {
                send.Add(Headers.IsFirstFragment, new Change(
                    SetChange.Update, fragments, Headers.Fragment, Meta.Mark, _fragmentTimeout));
            }

            send.Add(Simple.GoTo(shared.Send));
            return send;
        }

        public NftChain Icmp()
        {
            var chain = shared.Table.Add(new NftChain(service.Name + "_icmp"));
            foreach (var map in new[] { maps.Flows, maps.Closing }.OfType<NftSet>())
            {
                chain.Add(new SetMark(keys.QuotedAnswer.In(map)), IsAlive, Simple.GoTo(shared.SendErrors));
            }

            return chain;
        }

        private NftChain Open()
        {
            var open = shared.Table.Add(new NftChain(service.Name + "_open"));
            open.Add(
                Headers.IsEnding,
                new Change(SetChange.Add, maps.Closing!, keys.Request.Key, Meta.Mark, service.ClosingTimeout),
                Forget(maps.Flows), new Count(Meta.Mark, shared.Ended), Simple.GoTo(shared.Send));
            open.Add(new Change(SetChange.Update, maps.Flows, keys.Request.Key, Meta.Mark, service.IdleTimeout), Simple.GoTo(shared.Send));
            open.Add(Simple.GoTo(shared.Send));
            return open;
        }

        private NftChain Closing(NftChain schedule)
        {
            var closing = shared.Table.Add(new NftChain(service.Name + "_shut"));
            closing.Add(Headers.IsSyn, Forget(maps.Closing!), Simple.GoTo(schedule));
            closing.Add(new Change(SetChange.Update, maps.Closing!, keys.Request.Key, Meta.Mark, service.ClosingTimeout));
            closing.Add(Simple.GoTo(shared.Send));
            return closing;
        }

        /// <summary>Leads the first packet of a flow: to the target the client had, else where the slots say, else to the
        /// relay.</summary>
        private NftChain Schedule(NftChain admit)
        {
            var schedule = shared.Table.Add(new NftChain(service.Name + "_schedule"));
            if (maps.Clients is { } clients)
            {
                var client = keys.Client(service.PersistencePrefix);
                schedule.Add(
                [
                    .. keys.Recall(clients, service.PersistencePrefix, Meta.Mark, value => new SetMark(value)),
                    new Contained(Meta.Mark, shared.Welcoming),
                    Simple.GoTo(admit),
                ]);
                schedule.Add(new Change(SetChange.Delete, clients, client, Meta.Mark));
            }

            schedule.Add(Chosen(Choice(service)), Simple.GoTo(admit));
            Relay(schedule);
            return schedule;
        }

        private void Relay(NftChain chain)
        {
            chain.Add([new Change(SetChange.Update, maps.Relayed, keys.Request.Key, Timeout: service.IdleTimeout), .. ToStack]);
            chain.Add(ToStack);
        }

        /// <summary>Notes a flow that has its target.</summary>
        private NftChain Admit(NftChain? send = null)
        {
            send ??= shared.Send;
            var admit = shared.Table.Add(new NftChain(service.Name + "_admit"));
            if (maps.Clients is { } clients)
            {
                admit.Add(new Change(
                    SetChange.Update, clients, keys.Client(service.PersistencePrefix), Meta.Mark, service.Persistence));
            }

            var timeout = service.IsUdp ? service.IdleTimeout : _openingTimeout;
            admit.Add(new Count(Meta.Mark, shared.Started));
            admit.Add(new Change(SetChange.Update, maps.Flows, keys.Request.Key, Meta.Mark, timeout), Simple.GoTo(send));

            if (service.IsStateless)
            {
                // The map is full: answers of a flow that it does not know would not be turned back, so the relay takes it.
                Relay(admit);
            }
            else
            {
                // What its hash says now, it says of the later packets too.
                admit.Add(Chosen(ByHash), Simple.GoTo(send));
            }

            return admit;
        }

        private Hash ByHash => service.IsHashed
            ? (Hash)Choice(service)
            : new Hash(Headers.Source(service.IsIPv6).Then(Headers.SourcePort), (uint)service.Slots.Length, Headers.Seed);

        private SetMark Chosen(Value choice) => new(choice.In(maps.Slots));

        // The value is not looked at when deleting, but a map's element is named with one.
        private Change Forget(NftSet map) => new(SetChange.Delete, map, keys.Request.Key, Meta.Mark);

        private void Find(NftChain chain, NftSet map, params Statement[] then) =>
            chain.Add([.. keys.Request.Preparation, new SetMark(keys.Request.Lookup.In(map)), .. then]);

        private void AddRelayed(NftChain entry) => entry.Add(
        [
            .. keys.Request.Preparation,
            new Contained(keys.Request.Lookup, maps.Relayed),
            new Change(SetChange.Update, maps.Relayed, keys.Request.Key, Timeout: service.IdleTimeout),
            .. ToStack,
        ]);

        private void AddUnknown(NftChain entry)
        {
            if (service is { LeadsUnknown: true, IsStateless: false })
            {
                entry.Add(Chosen(ByHash), IsAlive, Simple.GoTo(shared.Send));
            }
            else if (service is { LeadsUnknown: true, IsHashed: true })
            {
                // Answers need to find it too, so it is a flow from now on.
                entry.Add(
                    Chosen(ByHash), IsAlive,
                    new Change(SetChange.Update, maps.Flows, keys.Request.Key, Meta.Mark, _openingTimeout), Simple.GoTo(shared.Send));
            }
        }
    }
}
