using System.Globalization;
using Gateway.Kernel.Rules;

namespace Gateway.Kernel.Services;

/// <summary>NAT without connection tracking: flows are known to Gateway's own maps, the destination's address and port are
/// written into packets where they come in, and the virtual ones back into answers where they leave.</summary>
/// <remarks>
/// Packets meet these rules before connection tracking and after fragments are put together, which the kernel does where
/// they leave as well. Answers are recognised twice: where they come in, so that connection tracking leaves them alone, and
/// after routing, where their source is rewritten; before, the kernel would drop what has an address of its own as its
/// source. An answer is one of a flow only when it comes from the very target that the flow has: what a server sends from
/// the same port to others is let pass as it is. ICMP errors carry the beginning of the packet they are about, which is
/// rewritten too; else neither side would learn the size of packets that its path takes (RFC 1191, RFC 8201).
/// </remarks>
internal sealed class StatelessRules
{
    private const int IPv4Checksum = 10;
    private const int TcpChecksum = 16;
    private const int IcmpChecksum = 2;
    private const int QuotedIPv4Checksum = 8 + IPv4Checksum;
    private const int Loopback = 1;

    private readonly NftTable _table;
    private readonly NftSet _sent;
    private readonly NftSet _answers;
    private readonly NftSet _alive;
    private readonly NftSet _welcoming;
    private readonly NftSet _started;
    private readonly NftSet _ended;

    private StatelessRules(NatTable.Shared shared)
    {
        (_table, _sent, _answers, _started, _alive, _welcoming) =
            (shared.Table, shared.Sent, shared.Answers, shared.Started, shared.Alive, shared.Welcoming);
        _ended = _table.Add(new NftSet("ended", FieldType.Mark, FieldType.Counter));
    }

    private static SetMark Unmarked { get; } = new(new Constant(0));

    /// <summary>Adds the rules of services, whose targets are in the table already.</summary>
    public static void Add(NatTable.Shared shared, IReadOnlyList<ForwardedService> services)
    {
        var rules = new StatelessRules(shared);
        foreach (var target in services.SelectMany(service => service.Targets))
        {
            target.Elements.Ended.AddTo(shared.Table, rules._ended);
        }

        var families = services.GroupBy(service => service.IsIPv6).OrderBy(family => family.Key)
            .Select(family => rules.AddFamily(family.Key, [.. family])).ToArray();
        rules.AddHooks(families);
    }

    private Family AddFamily(bool isIPv6, ForwardedService[] services)
    {
        var family = Family.Add(_table, isIPv6);
        foreach (var service in services)
        {
            foreach (var target in service.Targets)
            {
                var elements = target.Elements.Stateless;
                family.Addresses.Elements!.Add(elements.Address);
                family.Ports.Elements!.Add(elements.Port);
                family.Targets.Elements!.Add(elements.Place);
            }

            AddService(service, family);
        }

        return family;
    }

    private void AddService(ForwardedService service, Family family)
    {
        var listen = service.Listen.Single();
        var keys = new FlowKeys(service.IsIPv6, hasPort: false);
        var steps = new Rewriting(service, family);
        var shared = new FlowService.Shared(
            _table, AddRewriting("_rewrite", steps.Request), AddRewriting("_rewrite_icmp", steps.ErrorAboutAnswer), null, _alive,
            _welcoming, _started, _ended);
        var parts = FlowService.Add(service, shared, keys);
        var key = new ServicePort(service.IsUdp, listen.Address, listen.Port);
        var address = new NftElement(new Address(listen.Address));
        if (!family.Virtual.Elements!.Contains(address))
        {
            family.Virtual.Elements.Add(address);
        }

        family.Requests.Elements!.Add(new NftElement(key, new Goto(parts.Entry.Name)));
        family.ErrorsAboutAnswers.Elements!.Add(new NftElement(key, new Goto(parts.Icmp.Name)));

        NftSet[] maps = [.. new[] { parts.Flows, parts.Closing }.OfType<NftSet>()];
        var answer = AddAnswer(service, keys, parts, steps);
        NftChain answers = Chain("_answers"), leaving = Chain("_leaving"), errors = Chain("_errors"), errorsLeaving = Chain("_errors_leaving");
        var complaint = Chain("_complaint");
        complaint.Add([.. steps.ErrorAboutRequest, Unmarked, Simple.Accept]);
        foreach (var map in maps)
        {
            Statement[] isAnswer = [.. keys.Answer.Preparation, new SetMark(keys.Answer.Lookup.In(map)), new Contained(Sender(service.IsIPv6), family.Targets)];
            Statement[] isError = [new SetMark(keys.QuotedRequest.In(map)), new Contained(Addressee(service.IsIPv6), family.Targets)];
            answers.Add([.. isAnswer, Simple.NotTracked, Unmarked, Simple.Accept]);
            leaving.Add([.. isAnswer, Simple.GoTo(map == parts.Flows ? answer.Open : answer.Closed)]);
            errors.Add([.. isError, Simple.NotTracked, Unmarked, Simple.Accept]);
            errorsLeaving.Add([.. isError, Simple.GoTo(complaint)]);
        }

        foreach (var chain in new[] { answers, leaving, errors, errorsLeaving })
        {
            chain.Add(Unmarked);
        }

        // Two targets may be at one place, which is in a map once.
        foreach (var elements in service.Targets.Select(target => target.Elements).DistinctBy(elements => elements.EndPoint))
        {
            Lead(family.Answers, answers);
            Lead(family.Leaving, leaving);
            Lead(family.Errors, errors);
            Lead(family.ErrorsLeaving, errorsLeaving);

            void Lead(NftSet map, NftChain to) => map.Elements!.Add(elements.Stateless.Lead(service.IsUdp, to.Name));
        }

        NftChain Chain(string suffix) => _table.Add(new NftChain(service.Name + suffix));

        NftChain AddRewriting(string suffix, IReadOnlyList<Statement> rewrite)
        {
            var chain = Chain(suffix);
            chain.Add(new Count(Meta.Mark, _sent));
            chain.Add([Simple.NotTracked, .. rewrite, Unmarked, Simple.Accept]);
            chain.Add(Simple.Drop);
            return chain;
        }
    }

    /// <summary>What becomes of answers after routing: they are counted and rewritten, and a server that closes is noted.
    /// </summary>
    private (NftChain Open, NftChain Closed) AddAnswer(ForwardedService service, FlowKeys keys, FlowService.Parts parts, Rewriting steps)
    {
        var closed = _table.Add(new NftChain(service.Name + "_answer"));
        closed.Add(new Count(Meta.Mark, _answers));
        closed.Add([.. steps.Answer, Unmarked, Simple.Accept]);
        var open = _table.Add(new NftChain(service.Name + "_answer_open"));
        var key = keys.Answer.Key;
        if (parts.Closing is { } closing)
        {
            // An answer does not keep a flow of TCP: the client confirms what it gets.
            open.Add(
                Headers.IsEnding, new Change(SetChange.Add, closing, key, Meta.Mark, service.ClosingTimeout),
                new Change(SetChange.Delete, parts.Flows, key, Meta.Mark), new Count(Meta.Mark, _ended), Simple.GoTo(closed));
        }
        else
        {
            open.Add(new Change(SetChange.Update, parts.Flows, key, Meta.Mark, service.IdleTimeout));
        }

        open.Add(Simple.GoTo(closed));
        return (open, closed);
    }

    private void AddHooks(Family[] families)
    {
        _table.Add(new NftChain("reassembly")).Add(Simple.Reassembled);
        var arrival = _table.Add(new NftChain("before_tracking", ChainHook.BeforeTracking));
        var output = _table.Add(new NftChain("output_before_tracking", ChainHook.OutputBeforeTracking));
        var departure = _table.Add(new NftChain("departure", ChainHook.Departure));
        // Programs on this machine are served by the relay.
        var isFromOutside = new Match(Meta.Arrival, false, BitConverter.GetBytes(Loopback), "iif != \"lo\"");
        foreach (var family in families)
        {
            var isFamily = NatTable.IsFamily(family.IsIPv6);
            var sender = Meta.Transport.Then(Headers.Source(family.IsIPv6)).Then(Headers.SourcePort);
            arrival.Add(isFamily, isFromOutside, new Dispatch(Headers.Service(family.IsIPv6), family.Requests));
            arrival.Add(isFamily, new Dispatch(sender, family.Answers));
            departure.Add(isFamily, new Dispatch(sender, family.Leaving));
            foreach (var isError in Headers.IcmpErrors(family.IsIPv6))
            {
                arrival.Add(
                [
                    isFamily, isFromOutside, new Contained(Headers.Destination(family.IsIPv6), family.Virtual), .. isError,
                    new Dispatch(FlowKeys.QuotedService(family.IsIPv6, isSource: true), family.ErrorsAboutAnswers),
                ]);
                var aboutRequest = FlowKeys.QuotedService(family.IsIPv6, isSource: false);
                arrival.Add([isFamily, .. isError, new Dispatch(aboutRequest, family.Errors)]);
                output.Add([isFamily, .. isError, new Dispatch(aboutRequest, family.Errors)]);
                departure.Add([isFamily, .. isError, new Dispatch(aboutRequest, family.ErrorsLeaving)]);
            }
        }
    }

    /// <summary>A target by its id and where an answer comes from.</summary>
    private static Value Sender(bool isIPv6) => Meta.Mark.Then(Headers.Source(isIPv6)).Then(Headers.SourcePort);

    /// <summary>A target by its id and where the packet was going that an ICMP error carries.</summary>
    private static Value Addressee(bool isIPv6) => Meta.Mark
        .Then(FlowKeys.QuotedAddress(isIPv6, isSource: false)).Then(FlowKeys.QuotedPort(isIPv6, isSource: false));

    /// <summary>The sets and maps of a family.</summary>
    /// <param name="IsIPv6">Which.</param>
    /// <param name="Virtual">The virtual addresses.</param>
    /// <param name="Addresses">Where targets are, by their ids.</param>
    /// <param name="Ports">On which ports.</param>
    /// <param name="Targets">Both, with the id.</param>
    /// <param name="Requests">Chains of packets from clients, by where they go.</param>
    /// <param name="Answers">Chains of answers that come in, by where they come from.</param>
    /// <param name="Leaving">The same of answers that leave.</param>
    /// <param name="ErrorsAboutAnswers">Chains of ICMP errors from the clients' side, by where the packet came from that they
    /// carry.</param>
    /// <param name="Errors">Chains of ICMP errors about packets from clients, by where that went.</param>
    /// <param name="ErrorsLeaving">The same of those that leave.</param>
    private sealed record Family(
        bool IsIPv6, NftSet Virtual, NftSet Addresses, NftSet Ports, NftSet Targets, NftSet Requests, NftSet Answers, NftSet Leaving,
        NftSet ErrorsAboutAnswers, NftSet Errors, NftSet ErrorsLeaving)
    {
        public static Family Add(NftTable table, bool isIPv6)
        {
            var (address, suffix) = (Headers.AddressType(isIPv6), isIPv6 ? "6" : "4");
            return new Family(
                isIPv6, Set("virtual", address), Set("address", FieldType.Mark, address), Set("port", FieldType.Mark, FieldType.Port),
                Set("targets", FieldType.Mark.Then(address).Then(FieldType.Port)), Chains("requests"), Chains("answers"), Chains("leaving"),
                Chains("errors_about_answers"), Chains("errors"), Chains("errors_leaving"));

            NftSet Chains(string name) => Set(name, Headers.ServiceType(isIPv6), FieldType.Verdict);

            NftSet Set(string name, FieldType key, FieldType? data = null) => table.Add(new NftSet(name + suffix, key, data));
        }
    }

    /// <summary>The steps that rewrite packets of a service.</summary>
    private sealed class Rewriting
    {
        private readonly bool _isIPv6;

        public Rewriting(ForwardedService service, Family family)
        {
            _isIPv6 = service.IsIPv6;
            var listen = service.Listen.Single();
            var address = Meta.Mark.In(family.Addresses);
            var virtualAddress = new Written(new Address(listen.Address), _isIPv6 ? 16 : 4);
            Request = [Outer(Headers.Destination(_isIPv6), address)];
            Answer = [Outer(Headers.Source(_isIPv6), virtualAddress)];
            ErrorAboutAnswer = [Quoted(FlowKeys.QuotedAddress(_isIPv6, isSource: true), address)];
            ErrorAboutRequest = [Quoted(FlowKeys.QuotedAddress(_isIPv6, isSource: false), virtualAddress)];
            if (service.Targets.Any(target => target.Elements.EndPoint.Port != listen.Port))
            {
                var port = Meta.Mark.In(family.Ports);
                var virtualPort = new Written(new PortNumber(listen.Port), 2);
                Request.Add(Port(Headers.DestinationPort, port, service.IsUdp, "dport"));
                Answer.Add(Port(Headers.SourcePort, virtualPort, service.IsUdp, "sport"));
                ErrorAboutAnswer.Add(new Rewrite(FlowKeys.QuotedPort(_isIPv6, isSource: true), port, IcmpChecksum));
                ErrorAboutRequest.Add(new Rewrite(FlowKeys.QuotedPort(_isIPv6, isSource: false), virtualPort, IcmpChecksum));
            }

            // Who found the error is shown no more than who serves: it may be a router of the servers.
            ErrorAboutAnswer.Add(Outer(Headers.Destination(_isIPv6), address));
            ErrorAboutRequest.Add(Outer(Headers.Source(_isIPv6), virtualAddress));
        }

        public List<Statement> Request { get; }

        public List<Statement> Answer { get; }

        /// <summary>From the clients' side, to the server.</summary>
        public List<Statement> ErrorAboutAnswer { get; }

        /// <summary>From the servers' side, or this machine, to the client.</summary>
        public List<Statement> ErrorAboutRequest { get; }

        private Rewrite Outer(Field address, Value value) => new(address, value, _isIPv6 ? null : IPv4Checksum, IsInTransportSum: true);

        /// <summary>An IPv4 header that is carried has a checksum, and what changes both leaves that of the ICMP message as it
        /// is; one of IPv6 has none.</summary>
        private Rewrite Quoted(Field address, Value value) => new(address, value, _isIPv6 ? IcmpChecksum : QuotedIPv4Checksum);

        private static Rewrite Port(Field port, Value value, bool isUdp, string word) => new(
            port with { Words = string.Create(CultureInfo.InvariantCulture, $"{(isUdp ? "udp" : "tcp")} {word}") }, value,
            isUdp ? null : TcpChecksum, IsInTransportSum: isUdp);
    }
}
