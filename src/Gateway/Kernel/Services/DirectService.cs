using Gateway.Kernel.Rules;

namespace Gateway.Kernel.Services;

/// <summary>The chains and maps of one service under Direct Server Return.</summary>
/// <remarks>
/// A flow is in the map <c>flows</c> from its first packet (60 s until the second, as IPVS's SYN_RECV), in <c>closing</c>
/// once either side of what passes here has said FIN or RST, and in <c>relayed</c> when the machine's own stack took it.
/// Only the client's half passes here, so that a close by the server alone is seen when the client answers it.
/// </remarks>
internal static class DirectService
{
    private static readonly TimeSpan _openingTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Fragments of one datagram come together, or not at all.</summary>
    private static readonly TimeSpan _fragmentTimeout = TimeSpan.FromSeconds(10);

    /// <summary>What all services of a family have in common.</summary>
    public sealed record Shared(
        NftTable Table, NftChain Send, NftSet? Fragments, NftSet Alive, NftSet Welcoming, NftSet Started, NftSet Ended);

    /// <summary>Adds a service; returns the chains where its packets, and errors about them, enter.</summary>
    public static (NftChain Entry, NftChain Icmp) Add(ForwardedService service, Shared shared)
    {
        var keys = new FlowKeys(service.IsIPv6);
        var maps = Maps.Add(service, shared.Table, keys);
        var chains = new Chains(service, shared, keys, maps);
        return (service.IsUdp ? chains.Udp() : chains.Tcp(), chains.Icmp());
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
            entry.Add(Simple.Accept);
            return entry;
        }

        public NftChain Udp()
        {
            var send = shared.Table.Add(new NftChain(service.Name + "_send"));
            if (shared.Fragments is { } fragments)
            {
                send.Add(Headers.IsFirstFragment, new Change(
                    SetChange.Update, fragments, Headers.Fragment, Meta.Mark, _fragmentTimeout));
            }

            send.Add(Simple.GoTo(shared.Send));
            if (service.OnePacket)
            {
                var single = shared.Table.Add(new NftChain(service.Name));
                single.Add(Chosen(DirectService.Choice(service)), new Count(Meta.Mark, shared.Started), Simple.GoTo(send));
                single.Add(Simple.Accept);
                return single;
            }

            var admit = Admit(send);
            var schedule = Schedule(admit);
            var seen = shared.Table.Add(new NftChain(service.Name + "_open"));
            seen.Add(new Change(SetChange.Update, maps.Flows, keys.Key, Meta.Mark, service.IdleTimeout));
            seen.Add(Simple.GoTo(send));

            var entry = shared.Table.Add(new NftChain(service.Name));
            Find(entry, maps.Flows, IsAlive, Simple.GoTo(seen));
            AddRelayed(entry);
            entry.Add(Forget(maps.Flows), Simple.GoTo(schedule));
            return entry;
        }

        public NftChain Icmp()
        {
            var chain = shared.Table.Add(new NftChain(service.Name + "_icmp"));
            foreach (var map in new[] { maps.Flows, maps.Closing }.OfType<NftSet>())
            {
                chain.Add(new SetMark(keys.Quoted.In(map)), IsAlive, Simple.GoTo(shared.Send));
            }

            return chain;
        }

        private NftChain Open()
        {
            var open = shared.Table.Add(new NftChain(service.Name + "_open"));
            open.Add(
                Headers.IsEnding,
                new Change(SetChange.Add, maps.Closing!, keys.Key, Meta.Mark, service.ClosingTimeout),
                Forget(maps.Flows), new Count(Meta.Mark, shared.Ended), Simple.GoTo(shared.Send));
            open.Add(new Change(SetChange.Update, maps.Flows, keys.Key, Meta.Mark, service.IdleTimeout), Simple.GoTo(shared.Send));
            open.Add(Simple.GoTo(shared.Send));
            return open;
        }

        private NftChain Closing(NftChain schedule)
        {
            var closing = shared.Table.Add(new NftChain(service.Name + "_shut"));
            closing.Add(Headers.IsSyn, Forget(maps.Closing!), Simple.GoTo(schedule));
            closing.Add(new Change(SetChange.Update, maps.Closing!, keys.Key, Meta.Mark, service.ClosingTimeout));
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
            schedule.Add(new Change(SetChange.Update, maps.Relayed, keys.Key, Timeout: service.IdleTimeout), Simple.Accept);
            schedule.Add(Simple.Accept);
            return schedule;
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
            admit.Add(new Change(SetChange.Update, maps.Flows, keys.Key, Meta.Mark, timeout), Simple.GoTo(send));

            // The map is full: what its hash says now, it says of the later packets too.
            admit.Add(Chosen(ByHash), Simple.GoTo(send));
            return admit;
        }

        private Hash ByHash => service.IsHashed
            ? (Hash)Choice(service)
            : new Hash(Headers.Source(service.IsIPv6).Then(Headers.SourcePort), (uint)service.Slots.Length, Headers.Seed);

        private SetMark Chosen(Value choice) => new(choice.In(maps.Slots));

        // The value is not looked at when deleting, but a map's element is named with one.
        private Change Forget(NftSet map) => new(SetChange.Delete, map, keys.Key, Meta.Mark);

        private void Find(NftChain chain, NftSet map, params Statement[] then) =>
            chain.Add([.. keys.Preparation, new SetMark(keys.Lookup.In(map)), .. then]);

        private void AddRelayed(NftChain entry) => entry.Add(
        [
            .. keys.Preparation,
            new Contained(keys.Lookup, maps.Relayed),
            new Change(SetChange.Update, maps.Relayed, keys.Key, Timeout: service.IdleTimeout),
            Simple.Accept,
        ]);

        private void AddUnknown(NftChain entry)
        {
            if (service.LeadsUnknown)
            {
                entry.Add(Chosen(ByHash), IsAlive, Simple.GoTo(shared.Send));
            }
        }
    }
}
