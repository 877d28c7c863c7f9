using System.Net;
using Gateway.Kernel.Rules;

namespace Gateway.Kernel.Services;

/// <summary>The table of Direct Server Return: packets are sent to the neighbour that serves, as they came; its answers go
/// to the client without passing here. LVS calls it direct routing.</summary>
/// <remarks>
/// Packets meet it where they enter, before the machine's own stack. Those no rule takes go on to the stack, where the
/// relay listens on the same address and port. Kept apart are: which target a flow has (by its id), where the target is,
/// and which targets are alive: so that a target quiesces by losing its slots and dies by losing its place among the alive.
/// </remarks>
internal sealed class DirectTable
{
    public const string Name = "gateway";

    private const int MostFragments = 65536;

    private readonly NftTable _table = new(TableFamily.Netdev, Name);
    private readonly NftSet _device;
    private readonly NftSet _alive;
    private readonly NftSet _welcoming;
    private readonly NftSet _packets;
    private readonly NftSet _started;
    private readonly NftSet _ended;

    private DirectTable()
    {
        _packets = _table.Add(new NftSet("sent", FieldType.Mark, FieldType.Counter));
        _started = _table.Add(new NftSet("started", FieldType.Mark, FieldType.Counter));
        _ended = _table.Add(new NftSet("ended", FieldType.Mark, FieldType.Counter));
        _device = _table.Add(new NftSet("reached_by", FieldType.Mark, FieldType.Device));
        _alive = _table.Add(new NftSet("alive", FieldType.Mark));
        _welcoming = _table.Add(new NftSet("welcoming", FieldType.Mark));
    }

    /// <summary>The whole table; null when no service is direct.</summary>
    public static NftTable? Of(IEnumerable<ForwardedService> services)
    {
        var direct = services.Where(service => service.IsDirect).ToArray();
        if (direct.Length == 0)
        {
            return null;
        }

        var table = new DirectTable();
        foreach (var service in direct)
        {
            table.AddTargets(service);
        }

        var entrances = new List<Entrance>();
        foreach (var isIPv6 in direct.Select(service => service.IsIPv6).Distinct().Order())
        {
            entrances.Add(table.AddFamily(isIPv6, [.. direct.Where(service => service.IsIPv6 == isIPv6)]));
        }

        table.AddDevices(direct, entrances);
        return table._table;
    }

    private static void AddIcmp(NftChain chain, bool isIPv6, NftSet addresses, NftSet quoted)
    {
        foreach (var isError in Headers.IcmpErrors(isIPv6))
        {
            chain.Add(
                isIPv6 ? Headers.IsIPv6 : Headers.IsIPv4, isError[0], new Contained(Headers.Destination(isIPv6), addresses), isError[1],
                new Dispatch(FlowKeys.QuotedService(isIPv6, isSource: true), quoted));
        }
    }

    private void AddTargets(ForwardedService service)
    {
        foreach (var target in service.Targets)
        {
            var elements = target.Elements;
            elements.Packets.AddTo(_table, _packets);
            elements.Started.AddTo(_table, _started);
            elements.Ended.AddTo(_table, _ended);
            _device.Elements!.Add(elements.Way!);
            if (target.IsAlive)
            {
                _alive.Elements!.Add(elements.Member);
            }

            if (target.IsWelcoming)
            {
                _welcoming.Elements!.Add(elements.Member);
            }
        }
    }

    private Entrance AddFamily(bool isIPv6, ForwardedService[] services)
    {
        var suffix = isIPv6 ? "6" : "4";
        var addresses = _table.Add(new NftSet("virtual" + suffix, Headers.AddressType(isIPv6)));
        var places = _table.Add(new NftSet("to" + suffix, FieldType.Mark, Headers.AddressType(isIPv6)));
        var dispatch = _table.Add(new NftSet("service" + suffix, Headers.ServiceType(isIPv6), FieldType.Verdict));
        var quoted = _table.Add(new NftSet("quoted" + suffix, Headers.ServiceType(isIPv6), FieldType.Verdict));
        var fragments = isIPv6 ? null : _table.Add(
            new NftSet("fragments" + suffix, Headers.FragmentType, FieldType.Mark)
            {
                Size = MostFragments,
                Example = $"{Headers.Fragment.Text} : {Meta.Mark.Text}",
            });
        var send = _table.Add(new NftChain("send" + suffix));
        send.Add(new Count(Meta.Mark, _packets));
        send.Add(new ForwardTo(isIPv6, Meta.Mark.In(places), Meta.Mark.In(_device)));
        send.Add(Simple.Drop);

        var known = new HashSet<IPAddress>();
        foreach (var service in services)
        {
            foreach (var target in service.Targets)
            {
                places.Elements!.Add(target.Elements.Place);
            }

            var shared = new FlowService.Shared(_table, send, send, fragments, _alive, _welcoming, _started, _ended);
            var parts = FlowService.Add(service, shared, new FlowKeys(isIPv6, hasPort: true));
            foreach (var endPoint in service.Listen)
            {
                if (known.Add(endPoint.Address))
                {
                    addresses.Elements!.Add(new NftElement(new Address(endPoint.Address)));
                }

                var key = new ServicePort(service.IsUdp, endPoint.Address, endPoint.Port);
                dispatch.Elements!.Add(new NftElement(key, new Goto(parts.Entry.Name)));
                quoted.Elements!.Add(new NftElement(key, new Goto(parts.Icmp.Name)));
            }
        }

        return new Entrance(isIPv6, addresses, dispatch, quoted, fragments, send);
    }

    private void AddDevices(ForwardedService[] services, List<Entrance> entrances)
    {
        foreach (var device in services.SelectMany(service => service.Devices).Distinct().OrderBy(device => device.Name, StringComparer.Ordinal))
        {
            var chain = _table.Add(new NftChain("in_" + ServiceName.Of(device.Name), ChainHook.Ingress(device.Name)));
            foreach (var (isIPv6, addresses, dispatch, quoted, fragments, send) in entrances)
            {
                var isFamily = isIPv6 ? Headers.IsIPv6 : Headers.IsIPv4;
                chain.Add(isFamily, new Dispatch(Headers.Service(isIPv6), dispatch));
                if (fragments is not null)
                {
                    chain.Add(
                        isFamily, new Contained(Headers.Destination(isIPv6), addresses), Headers.IsLaterFragment,
                        new SetMark(Headers.Fragment.In(fragments)), Simple.GoTo(send));
                }

                AddIcmp(chain, isIPv6, addresses, quoted);
            }
        }
    }

    private sealed record Entrance(
        bool IsIPv6, NftSet Addresses, NftSet Dispatch, NftSet Quoted, NftSet? Fragments, NftChain Send);
}
