using Gateway.Kernel.Rules;

namespace Gateway.Kernel.Services;

/// <summary>The table of NAT: connections are led to a server by rewriting their address, and connection tracking turns
/// the answers back, which therefore must pass here. LVS calls it masquerading.</summary>
/// <remarks>Only the first packet of a connection meets the rules; what became of it is in connection tracking and does not
/// depend on this table. The mark of the connection is the id of its target. Services without connection tracking are in the
/// same table, by <see cref="StatelessRules"/>.</remarks>
internal sealed class NatTable
{
    public const string Name = "gateway";

    private readonly NftTable _table = new(TableFamily.Inet, Name);
    private readonly NftSet _received;
    private readonly NftSet _sent;
    private readonly NftSet _started;
    private readonly NftSet _alive;
    private readonly NftSet _welcoming;
    private readonly NftSet? _masquerade;

    private NatTable(bool isTracking)
    {
        _sent = _table.Add(new NftSet("sent", FieldType.Mark, FieldType.Counter));
        _received = _table.Add(new NftSet("answers", FieldType.Mark, FieldType.Counter));
        _started = _table.Add(new NftSet("started", FieldType.Mark, FieldType.Counter));
        _alive = _table.Add(new NftSet("alive", FieldType.Mark));
        _welcoming = _table.Add(new NftSet("welcoming", FieldType.Mark));
        _masquerade = isTracking ? _table.Add(new NftSet("masqueraded", FieldType.Mark)) : null;
    }

    /// <summary>What services have in common.</summary>
    public sealed record Shared(NftTable Table, NftSet Sent, NftSet Answers, NftSet Started, NftSet Alive, NftSet Welcoming);

    /// <summary>The whole table; null when no service is translated.</summary>
    public static NftTable? Of(IEnumerable<ForwardedService> services)
    {
        var translated = services.Where(service => !service.IsDirect).ToArray();
        if (translated.Length == 0)
        {
            return null;
        }

        var tracked = translated.Where(service => !service.IsStateless).ToArray();
        var table = new NatTable(tracked.Length > 0);
        foreach (var service in translated)
        {
            table.AddTargets(service);
        }

        if (tracked.Length > 0)
        {
            table.AddTracked(tracked);
        }

        if (tracked.Length < translated.Length)
        {
            StatelessRules.Add(
                new Shared(table._table, table._sent, table._received, table._started, table._alive, table._welcoming),
                [.. translated.Where(service => service.IsStateless)]);
        }

        return table._table;
    }

    /// <summary>The condition that a packet is of a family.</summary>
    public static Match IsFamily(bool isIPv6) =>
        new(Meta.FamilyOf, true, [isIPv6 ? (byte)10 : (byte)2], isIPv6 ? "meta nfproto ipv6" : "meta nfproto ipv4");

    private void AddTracked(ForwardedService[] services)
    {
        var dispatches = new List<(bool IsIPv6, NftSet Map)>();
        foreach (var isIPv6 in services.Select(service => service.IsIPv6).Distinct().Order())
        {
            dispatches.Add((isIPv6, AddFamily(isIPv6, services.Where(service => service.IsIPv6 == isIPv6))));
        }

        AddHooks(dispatches, _masquerade!);
    }

    private void AddTargets(ForwardedService service)
    {
        foreach (var target in service.Targets)
        {
            var elements = target.Elements;
            elements.Packets.AddTo(_table, _sent);
            elements.Answers.AddTo(_table, _received);
            elements.Started.AddTo(_table, _started);
            Add(_alive, target.IsAlive);
            Add(_welcoming, target.IsWelcoming);
            Add(_masquerade, service.Masquerade);

            void Add(NftSet? set, bool isIn)
            {
                if (isIn)
                {
                    set?.Elements!.Add(elements.Member);
                }
            }
        }
    }

    private NftSet AddFamily(bool isIPv6, IEnumerable<ForwardedService> services)
    {
        var suffix = isIPv6 ? "6" : "4";
        var dispatch = _table.Add(new NftSet("service" + suffix, Headers.ServiceType(isIPv6), FieldType.Verdict));
        var places = _table.Add(
            new NftSet("to" + suffix, FieldType.Mark, Headers.AddressType(isIPv6).Then(FieldType.Port)));
        foreach (var service in services)
        {
            foreach (var target in service.Targets)
            {
                places.Elements!.Add(target.Elements.Place);
            }

            var entry = AddService(service, places);
            foreach (var endPoint in service.Listen)
            {
                dispatch.Elements!.Add(new NftElement(new ServicePort(service.IsUdp, endPoint.Address, endPoint.Port), new Goto(entry.Name)));
            }
        }

        return dispatch;
    }

    private NftChain AddService(ForwardedService service, NftSet places)
    {
        var keys = new FlowKeys(service.IsIPv6, hasPort: true);
        var slots = _table.Add(FlowService.SlotMap(service));
        var translate = _table.Add(new NftChain(service.Name + "_admit"));
        var entry = _table.Add(new NftChain(service.Name));
        if (!service.IsUdp)
        {
            // A connection nobody tracks any more, or one of the relay from before: the stack knows, or resets it.
            entry.Add(Headers.IsNotSyn, Simple.Accept);
        }

        if (service.Persistence is { } timeout)
        {
            var client = keys.Client(service.PersistencePrefix);
            var clients = _table.Add(
                new NftSet(service.Name + "_clients", keys.ClientType, FieldType.Mark) { Size = service.MaxFlows });
            entry.Add(
            [
                .. keys.Recall(clients, service.PersistencePrefix, Tracked.Mark, value => new SetConnectionMark(value)),
                new Contained(Tracked.Mark, _welcoming),
                Simple.GoTo(translate),
            ]);
            entry.Add(new Change(SetChange.Delete, clients, client, Tracked.Mark));
            translate.Add(new Change(SetChange.Update, clients, client, Tracked.Mark, timeout));
        }

        entry.Add(new SetConnectionMark(FlowService.Choice(service).In(slots)), Simple.GoTo(translate));
        entry.Add(new SetConnectionMark(new Constant(0)));
        translate.Add(new Count(Tracked.Mark, _started));
        translate.Add(
            new Match(Meta.Transport, true, [service.IsUdp ? (byte)17 : (byte)6], service.IsUdp ? "meta l4proto udp" : "meta l4proto tcp"),
            new TranslateTo(service.IsIPv6, Tracked.Mark.In(places)));
        return entry;
    }

    private void AddHooks(List<(bool IsIPv6, NftSet Map)> dispatches, NftSet masqueraded)
    {
        const int destinationTranslated = 0x20;
        var prerouting = _table.Add(new NftChain("prerouting", ChainHook.Prerouting));
        foreach (var (isIPv6, map) in dispatches)
        {
            prerouting.Add(IsFamily(isIPv6), new Dispatch(Headers.Service(isIPv6), map));
        }

        var forward = _table.Add(new NftChain("forward", ChainHook.Forward));
        forward.Add(
            new Match(Tracked.Direction, true, [0], "ct direction original"),
            new Count(Tracked.Mark, _sent), Simple.Accept);
        forward.Add(
            new Match(Tracked.Direction, true, [1], "ct direction reply"),
            new Count(Tracked.Mark, _received));

        var translated = new Masked(Tracked.Status, BitConverter.GetBytes(destinationTranslated));
        var postrouting = _table.Add(new NftChain("postrouting", ChainHook.Postrouting));
        postrouting.Add(
            new Contained(Tracked.Mark, masqueraded),
            new Match(translated, false, [0, 0, 0, 0], "ct status dnat"), Simple.Masquerade);
    }
}
