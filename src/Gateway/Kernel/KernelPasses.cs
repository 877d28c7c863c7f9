using Gateway.Clusters;
using Gateway.Kernel.Netlink;
using Gateway.Kernel.Rules;
using Gateway.Kernel.Services;

namespace Gateway.Kernel;

/// <summary>One look at everything and one change of the kernel at a time: counters in, plan, rules out. Not for several
/// threads at once.</summary>
internal sealed class KernelPasses(TimeProvider time, Func<IEnumerable<RelayedFlow>> relayed) : IDisposable
{
    /// <summary>The relay accepts within this time what reached its socket before the rules were there.</summary>
    private static readonly TimeSpan _acceptTime = TimeSpan.FromSeconds(1);

    /// <summary>How often interfaces, addresses and routes are looked at when the snapshot stays the same.</summary>
    private static readonly TimeSpan _topologyInterval = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, uint[]> _slots = [];
    private readonly Dictionary<string, long> _inKernelSince = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);
    private KernelTables? _tables;
    private NetlinkSocket? _conntrackSocket;
    private Conntrack? _conntrack;
    private RouteSocket? _routes;
    private FlowCounting? _counting;
    private Topology? _topology;
    private long _topologyRead;
    private Snapshot? _snapshot;
    private HashSet<uint> _translated = [];

    // Whether the kernel may have rules of ours, whatever is known of them.
    private bool _hasRules;
    private long _changes;
    private long _failures;
    private TimeSpan _lastChange;

    /// <summary>What is in force.</summary>
    public KernelPlan Plan { get; private set; } = KernelPlan.Empty;

    public KernelStatus Status(string? error) => new(
        _snapshot?.Revision ?? 0,
        error is null ? Plan.Paths : [.. Plan.Paths.Select(path => path with { IsInKernel = false, Reason = error })],
        _counting?.Targets(Plan.Services) ?? [], _changes, _failures, _lastChange, error);

    /// <summary>Brings the kernel in line with a snapshot.</summary>
    /// <exception cref="NetlinkException">The kernel refused; <see cref="Reset"/> begins anew.</exception>
    public void Pass(Snapshot snapshot)
    {
        if (!snapshot.VirtualServers.Any(KernelPlan.IsWanted) && !_hasRules && _snapshot is not null)
        {
            Plan = KernelPlan.Empty;
            return;
        }

        if (Open() is { } why)
        {
            Plan = new KernelPlan([], Plans(snapshot, new Topology { WhyNotDirect = why, WhyNotNat = why }).Paths);
            _snapshot = snapshot;
            return;
        }

        Look(snapshot);
        _counting!.Read(Plan.Services);
        var started = time.GetTimestamp();
        Put(Plans(snapshot, _topology!), started);
        _snapshot = snapshot;
    }

    /// <summary>Lets no new flow in; returns whether flows are still in progress.</summary>
    public bool DrainPass()
    {
        if (_tables is null || Plan.Services.Count == 0)
        {
            return false;
        }

        _counting!.Read(Plan.Services);
        Put(new KernelPlan(
            [.. Plan.Services.Select(service => service with { Slots = new uint[service.Slots.Length], LeadsUnknown = false })], Plan.Paths), time.GetTimestamp());
        return _counting.Targets(Plan.Services).Any(target => target.Active > 0);
    }

    /// <summary>Takes all out of the kernel, after a <see cref="Reset"/> as well.</summary>
    /// <returns>Why rules stay; null when none does.</returns>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public string? Remove()
    {
        if (_tables is null)
        {
            if (!_hasRules)
            {
                return null;
            }

            if (Open() is { } why)
            {
                return why;
            }
        }

        Put(KernelPlan.Empty, time.GetTimestamp());
        _counting!.Leave();
        return null;
    }

    /// <summary>After a failure: what the kernel has is to be looked at anew.</summary>
    public void Reset()
    {
        _failures++;
        _counting?.Leave();
        Close();
        Plan = Plan with { Services = [] };
    }

    public void Dispose() => Close();

    private KernelPlan Plans(Snapshot snapshot, Topology topology) =>
        KernelPlan.Of(snapshot, topology, _slots, time.GetUtcNow(), _known.Contains);

    /// <summary>Opens the way to the kernel; returns why there is none.</summary>
    private string? Open()
    {
        if (_tables is not null)
        {
            return null;
        }

        try
        {
            _routes = new RouteSocket();
            _conntrackSocket = new NetlinkSocket(NetlinkSocket.Netfilter);
            _conntrack = new Conntrack(_conntrackSocket);
            _tables = new KernelTables();
            if (_tables.Features is not { WhyNotDirect: { } direct, WhyNotNat: not null })
            {
                _tables.Adopt();
                _counting = new FlowCounting(_tables, _conntrack, time);
                return null;
            }

            Close();
            return direct;
        }
        catch (NetlinkException e)
        {
            Close();
            return e.Message;
        }
    }

    private void Close()
    {
        _tables?.Dispose();
        _conntrackSocket?.Dispose();
        _routes?.Dispose();
        (_tables, _conntrackSocket, _conntrack, _routes, _counting, _topology) = (null, null, null, null, null, null);
        _inKernelSince.Clear();
        _known.Clear();
    }

    private void Look(Snapshot snapshot)
    {
        if (_topology is null || !ReferenceEquals(snapshot, _snapshot) || time.GetElapsedTime(_topologyRead) >= _topologyInterval)
        {
            _topology = TopologyReader.Read(_routes!, snapshot, _tables!.Features);
            _topologyRead = time.GetTimestamp();
        }
    }

    /// <param name="plan">What the kernel is to have.</param>
    /// <param name="started">When planning it began.</param>
    private void Put(KernelPlan plan, long started)
    {
        var servers = plan.Services.Where(service => service.IsDirect).Select(service => service.VirtualServerId)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var gone in _inKernelSince.Keys.Where(id => !servers.Contains(id)).ToArray())
        {
            _inKernelSince.Remove(gone);
            _known.Remove(gone);
        }

        var ripe = servers.Where(id => !_known.Contains(id) && _inKernelSince.TryGetValue(id, out var since)
            && time.GetElapsedTime(since) >= _acceptTime).ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (ripe.Count > 0)
        {
            plan = plan with
            {
                Services = [.. plan.Services.Select(service => service with
                {
                    LeadsUnknown = service.LeadsUnknown || ripe.Contains(service.VirtualServerId),
                })],
            };
        }

        _hasRules = true;
        var isChange = _tables!.Apply(plan.Services, (batch, tables) => Seed(batch, tables, plan, ripe));
        _hasRules = plan.Services.Count > 0;
        Forget(plan);
        Plan = plan;
        _known.UnionWith(ripe);
        foreach (var id in servers)
        {
            _inKernelSince.TryAdd(id, time.GetTimestamp());
        }

        _slots.Clear();
        foreach (var service in plan.Services)
        {
            _slots[service.Name] = service.Slots;
        }

        if (isChange)
        {
            _changes++;
            _lastChange = time.GetElapsedTime(started);
        }
    }

    /// <summary>Tells the rules which flows the relay has, in the same transaction in which they begin to lead flows that
    /// they do not know.</summary>
    private void Seed(
        NftBatch batch, IReadOnlyDictionary<TableFamily, NftTable> tables, KernelPlan plan, HashSet<string> ripe)
    {
        if (ripe.Count == 0)
        {
            return;
        }

        var flows = relayed().ToLookup(flow => flow.VirtualServerId, StringComparer.OrdinalIgnoreCase);
        foreach (var service in plan.Services.Where(service => service.IsDirect && ripe.Contains(service.VirtualServerId)))
        {
            var table = tables[TableFamily.Netdev];
            if (table.Sets.FirstOrDefault(set => set.Name == service.Name + "_relayed") is { } set)
            {
                var isIPv6 = service.IsIPv6;
                batch.Elements(
                    table, set,
                    [.. flows[service.VirtualServerId]
                        .Where(flow => flow.Client.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 == isIPv6)
                        .Select(flow => new FlowKeyDatum(flow.Client, flow.Port)).Distinct().Take(DirectService.MostFlows)],
                    service.IdleTimeout);
            }
        }
    }

    /// <summary>Cleans up in connection tracking, where translated flows live on whatever the rules are: those of targets
    /// that are dead or gone, and datagrams to virtual servers that are new.</summary>
    private void Forget(KernelPlan plan)
    {
        var alive = plan.Services.Where(service => !service.IsDirect)
            .SelectMany(service => service.Targets).Where(target => target.IsAlive).Select(target => target.Id).ToHashSet();
        foreach (var id in _translated.Where(id => !alive.Contains(id)))
        {
            _conntrack!.Forget(id);
        }

        _translated = alive;
        var before = Plan.Services.Select(service => service.Name).ToHashSet();
        foreach (var service in plan.Services.Where(service => service is { IsDirect: false, IsUdp: true } && !before.Contains(service.Name)))
        {
            foreach (var endPoint in service.Listen)
            {
                _conntrack!.ForgetUnmarked(endPoint);
            }
        }
    }
}
