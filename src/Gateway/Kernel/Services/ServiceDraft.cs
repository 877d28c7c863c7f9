using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.Kernel.Rules;
using Gateway.Scheduling;

namespace Gateway.Kernel.Services;

/// <summary>One family of one virtual server on its way into the kernel: it gets there, or a reason why it does not.</summary>
internal sealed class ServiceDraft(
    VirtualServerOptions options, Cluster? cluster, bool isIPv6, IReadOnlyList<IPEndPoint> listen, Topology topology, StatelessChoice choice,
    DateTimeOffset now)
{
    private const string Stateless = "without connection tracking";

    private readonly bool _isDirect = options.Forwarding == "direct";
    private readonly List<Device> _devices = [];
    private readonly string? _whyTracked = options.Stateless
        ? choice.WhyNot(options, listen, cluster?.Destinations.Where(destination => IsOfFamily(destination, isIPv6)) ?? []) : null;

    // Destinations that the kernel had and cannot reach for now, as while an interface is down, and why.
    private readonly Dictionary<string, string> _cutOff = [];

    // Whether backups are like the others.
    private bool _isShort;

    private bool IsStateless => options.Stateless && _whyTracked is null;

    /// <summary>Why not; else what is noteworthy.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>The service; null, with <see cref="Reason"/>, when the relay must do it.</summary>
    /// <param name="taken">The ids in use.</param>
    /// <param name="before">The services that are in the kernel, by name.</param>
    /// <param name="knowsRelayed">Whether the rules know all flows of the relay.</param>
    public ForwardedService? Complete(HashSet<uint> taken, IReadOnlyDictionary<string, ForwardedService> before, bool knowsRelayed)
    {
        var name = $"{ServiceName.Of(options.Id)}_{(isIPv6 ? 6 : 4)}";
        var last = before.GetValueOrDefault(name);
        Reason = WhyNot() ?? "";
        if (Reason.Length > 0 || Destinations(last) is not { } destinations)
        {
            return null;
        }

        Reason = !options.Stateless ? string.Join("; ", _cutOff.Values)
            : IsStateless ? Stateless : $"by connection tracking: {_whyTracked}";
        var targets = ToTargets(destinations, last?.Targets ?? [], taken);
        var scheduler = cluster!.Options.Scheduler;
        var persistence = cluster.Options.Persistence;
        return new ForwardedService
        {
            Name = name,
            VirtualServerId = options.Id,
            IsUdp = options.Protocol == "udp",
            IsIPv6 = isIPv6,
            IsDirect = _isDirect,
            Listen = listen,
            Devices = _devices,
            Targets = targets,
            Slots = Deal(targets, last?.Slots),
            IsSteered = Steering.IsNeeded(scheduler.Name),
            IsHashed = scheduler.Name is "sh" or "mh",
            HashesPort = scheduler.UsePort,
            HashPrefix = isIPv6 ? scheduler.Mask6 : scheduler.Mask4,
            Persistence = persistence?.Timeout,
            PersistencePrefix = persistence is null ? 0 : isIPv6 ? persistence.Mask6 : persistence.Mask4,
            IdleTimeout = Known(options.Protocol == "udp" ? options.SessionTimeout : options.IdleTimeout),
            ClosingTimeout = Known(options.HalfClosedTimeout),
            OnePacket = options.OnePacket,
            Masquerade = options.Masquerade,
            IsStateless = IsStateless,
            LeadsUnknown = knowsRelayed,
        };

        // Never, for the relay, is a day in a map that would otherwise only grow.
        static TimeSpan Known(TimeSpan timeout) => timeout > TimeSpan.Zero ? timeout : TimeSpan.FromDays(1);
    }

    private string? WhyNot()
    {
        if ((_isDirect ? topology.WhyNotDirect : IsStateless ? null : topology.WhyNotNat) is { } why)
        {
            return why;
        }

        if (!_isDirect && topology.NotRouting.TryGetValue(listen[0].AddressFamily, out var setting))
        {
            return $"this machine passes no packets on: set {setting} to 1";
        }

        if (cluster?.Options.Scheduler.Name is "lblc" or "lblcr" or "dh")
        {
            return $"scheduler {cluster.Options.Scheduler.Name} has no form in the kernel";
        }

        return _isDirect ? FindDevices() : null;
    }

    private string? FindDevices()
    {
        if (options.Interface is { } name)
        {
            if (!topology.Devices.TryGetValue(name, out var device))
            {
                return $"there is no interface {name}";
            }

            _devices.Add(device);
            return null;
        }

        foreach (var endPoint in listen)
        {
            if (!topology.Addresses.TryGetValue(endPoint.Address, out var device))
            {
                return $"no interface has the address {endPoint.Address}: add it there, or set AssignAddress and Interface";
            }

            if (!_devices.Contains(device))
            {
                _devices.Add(device);
            }
        }

        return null;
    }

    /// <summary>The destinations of the family: the ordinary ones, and behind them the backups by rank.</summary>
    private Destination[]? Destinations(ForwardedService? last)
    {
        var all = cluster?.Destinations.Select(destination => cluster.InForce(destination, now)).ToArray() ?? [];
        _isShort = Readiness.AreTooFew(all, cluster?.Options.MinReady ?? 0);
        var ofFamily = all.Where(destination => IsOfFamily(destination, isIPv6)).ToArray();
        var ordinary = ofFamily.Where(destination => !destination.Options.Backup).ToArray();
        if (ordinary.Length == 0)
        {
            Reason = $"no destination has an {(isIPv6 ? "IPv6" : "IPv4")} address";
            return null;
        }

        if (ordinary.Select(destination => WhyNotTo(destination, last)).FirstOrDefault(why => why is not null) is { } reason)
        {
            Reason = reason;
            return null;
        }

        // Backups the kernel cannot reach are the relay's, which gets what finds no slot.
        return [.. ordinary, .. ofFamily.Where(destination => destination.Options.Backup && WhyNotTo(destination, last) is null).OrderBy(RankOf)];
    }

    private static bool IsOfFamily(Destination destination, bool isIPv6) => destination.EndPoint is IPEndPoint ip
        && ip.AddressFamily == (isIPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork);

    private string? WhyNotTo(Destination destination, ForwardedService? last)
    {
        var endPoint = (IPEndPoint)destination.EndPoint;
        if (IPAddress.IsLoopback(endPoint.Address) || topology.Addresses.ContainsKey(endPoint.Address))
        {
            return $"destination {destination.Id}, {endPoint}, is this machine itself";
        }

        if (!_isDirect)
        {
            return null;
        }

        return topology.Ways.GetValueOrDefault(endPoint.Address) switch
        {
            { Source: { } source } when listen.Any(virtualServer => virtualServer.Address.Equals(source)) =>
                $"packets of this machine to destination {destination.Id} would have the virtual address {source} as their source, and "
                + "the destination answer itself: add the address with preferred_lft 0",
            { Device: not null, IsNeighbour: true } => null,
            { Device: not null } => UnlessKnown($"destination {destination.Id}, {endPoint.Address}, is behind a router and not on a segment of this machine"),
            _ => UnlessKnown($"there is no way to destination {destination.Id}, {endPoint.Address}"),
        };

        // One that is cut off must not take the flows of the others with it; its own go on when its way is back.
        string? UnlessKnown(string why)
        {
            if (last?.Targets.Any(target => target.Destination.Id == destination.Id && target.EndPoint.Equals(endPoint)) != true)
            {
                return why;
            }

            _cutOff[destination.Id] = why;
            return null;
        }
    }

    private Target[] ToTargets(Destination[] destinations, IReadOnlyList<Target> before, HashSet<uint> taken)
    {
        var targets = new Target[destinations.Length];
        Dictionary<string, Target>? byId = null;
        for (var i = 0; i < targets.Length; i++)
        {
            var destination = destinations[i];
            var last = i < before.Count && before[i].Destination.Id == destination.Id ? before[i]
                : (byId ??= before.ToDictionary(target => target.Destination.Id))
                    .GetValueOrDefault(destination.Id);
            targets[i] = ToTarget(destination, last, taken);
        }

        return targets;
    }

    private Target ToTarget(Destination destination, Target? before, HashSet<uint> taken)
    {
        var endPoint = (IPEndPoint)destination.EndPoint;
        var device = !_isDirect ? null : _cutOff.ContainsKey(destination.Id) ? before!.Elements.Device : topology.Ways[endPoint.Address].Device;
        var elements = before?.Elements is { } last && last.EndPoint.Equals(endPoint) && last.Device == device && taken.Add(last.Id)
            ? last : new TargetElements(FlowId.Take(taken, options.Id, destination.Id, endPoint), endPoint, device);
        // Nobody is remembered on a backup: clients leave it as soon as anybody else is ready.
        var isWelcoming = (!destination.Options.Backup || _isShort)
            && (cluster!.Options.Persistence is { LeaveDrained: true } ? destination.EffectiveWeight > 0 : destination.IsWelcoming);
        if (before is not null && ReferenceEquals(before.Elements, elements) && ReferenceEquals(before.Destination, destination)
            && before.IsWelcoming == isWelcoming)
        {
            return before;
        }

        return new Target(destination, elements) { IsWelcoming = isWelcoming };
    }

    private uint[] Deal(Target[] targets, uint[]? before)
    {
        var scheduler = cluster!.Options.Scheduler;
        var (ids, mayTake, destinations) = (new uint[targets.Length], new bool[targets.Length], new Destination[targets.Length]);
        var serving = ServingTurn(targets);
        for (var i = 0; i < targets.Length; i++)
        {
            (ids[i], destinations[i]) = (targets[i].Id, targets[i].Destination);
            mayTake[i] = TurnOf(destinations[i]) == serving && MayTake(targets[i]);
        }

        if (scheduler.Name is "sh" or "mh")
        {
            var first = Array.FindIndex(destinations, destination => TurnOf(destination) == serving);
            var range = first..(first + destinations.Count(destination => TurnOf(destination) == serving));
            return HashSlots.Of(scheduler, destinations[range], ids[range], mayTake.AsSpan()[range]);
        }

        var shares = Steering.Shares(scheduler.Name, destinations, mayTake);
        var count = Slots.CountFor(targets.Length);

        // Few targets are dealt from scratch, so that the order of rr is exact; of many only what must moves, as it does
        // where shares follow loads.
        return before?.Length == count && (count == Slots.Many || Steering.IsNeeded(scheduler.Name))
            ? Slots.Adjust(before, ids, shares)
            : Slots.Spread(ids, shares, count);
    }

    /// <summary>That of the ordinary ones, else of the backups of the first rank that has one to give.</summary>
    private int ServingTurn(Target[] targets)
    {
        int? serving = null;
        foreach (var target in targets)
        {
            if (MayTake(target) && TurnOf(target.Destination) is var turn && !(turn >= serving))
            {
                serving = turn;
            }
        }

        return serving ?? 0;
    }

    private int TurnOf(Destination destination) => _isShort ? 0 : RankOf(destination);

    private static int RankOf(Destination destination) => destination.Options.Backup ? destination.Options.BackupRank : 0;

    private bool MayTake(Target target) =>
        target.Destination is { EffectiveWeight: > 0, State.IsFull: false } && !_cutOff.ContainsKey(target.Destination.Id);
}
