using Gateway.Clusters;
using Gateway.Kernel.Netlink;
using Gateway.Kernel.Services;

namespace Gateway.Kernel;

/// <summary>One look at everything and one change of the kernel at a time: plan, rules out, counters in. Not for several
/// threads at once.</summary>
internal sealed class KernelPasses(TimeProvider time, Func<IEnumerable<RelayedFlow>> relayed, KernelOptions? options = null) : IDisposable
{
    /// <summary>How often shares follow loads; between two times, new flows go by the last shares.</summary>
    private static readonly TimeSpan _steeringInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>How often counters are read, and changes of interfaces and routes looked for, when nothing else happens.
    /// </summary>
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);

    /// <summary>How long after the start a process that asks nothing of the kernel looks for what another has left there:
    /// starting must not wait for that.</summary>
    private static readonly TimeSpan _leftoversAfter = TimeSpan.FromSeconds(5);

    /// <summary>How often it is tried again where the kernel cannot, or may not be asked.</summary>
    private static readonly TimeSpan _retryInterval = TimeSpan.FromSeconds(10);

    private readonly RelayedFlows _relayed = new(time, relayed);
    private readonly long _began = time.GetTimestamp();
    private KernelAccess? _kernel;
    private string? _whyNot;
    private long _refusedAt;
    private Snapshot? _snapshot;
    private HashSet<uint>? _translated;

    // Whether the kernel may have rules of ours, whatever is known of them.
    private bool _hasRules;
    private bool _hasLookedForLeftovers;
    private long _changes;
    private long _failures;
    private TimeSpan _lastChange;

    /// <summary>What is in force.</summary>
    public KernelPlan Plan { get; private set; } = KernelPlan.Empty;

    /// <summary>How soon there should be another pass when nothing happens; null is never.</summary>
    public TimeSpan? Interval =>
        Plan.Services.Any(service => service.IsSteered) ? _steeringInterval
        : _hasRules || Plan.Paths.Count > 0 ? _interval
        : _hasLookedForLeftovers ? null : _leftoversAfter;

    public KernelStatus Status(string? error) => new(
        _snapshot?.Revision ?? 0,
        error is null ? Plan.Paths : [.. Plan.Paths.Select(path => path with { IsInKernel = false, Reason = error })],
        _kernel?.Counting.Targets(Plan.Services) ?? [], _changes, _failures, _lastChange, error);

    /// <summary>Brings the kernel in line with a snapshot.</summary>
    /// <exception cref="NetlinkException">The kernel refused; <see cref="Reset"/> begins anew.</exception>
    public void Pass(Snapshot snapshot)
    {
        var started = time.GetTimestamp();
        if (!snapshot.VirtualServers.Any(KernelPlan.IsWanted) && !_hasRules)
        {
            Plan = KernelPlan.Empty;
            _snapshot = snapshot;
            RemoveLeftovers();
            return;
        }

        if (Open() is not { } kernel)
        {
            Plan = new KernelPlan([], Plans(snapshot, new Topology { WhyNotDirect = _whyNot, WhyNotNat = _whyNot, WhyNotStateless = _whyNot }).Paths);
            _snapshot = snapshot;
            return;
        }

        _hasLookedForLeftovers = true;

        // Counters that shares depend on, or that are about to go, are read first; others, those of new targets too, when
        // the rules are right.
        var isRead = Plan.Services.Any(service => service.IsSteered);
        if (isRead)
        {
            kernel.Counting.Read(Plan.Services);
        }

        var plan = Plans(snapshot, kernel.Topology.Read(snapshot, kernel.Tables.Features));
        if (!isRead && HasMore(Plan, plan))
        {
            kernel.Counting.Read(Plan.Services);
            isRead = true;
        }

        isRead &= !HasMore(plan, Plan);
        if (IsOnDevicesMadeAnew(plan))
        {
            // With an interface its hook has gone, on kernels before 6.16 for good and without a word: what there is is read anew.
            kernel.Tables.Adopt();
        }

        Put(kernel, plan, started);
        if (!isRead)
        {
            kernel.Counting.Read(Plan.Services);
        }

        _snapshot = snapshot;
    }

    /// <summary>Lets no new flow in; returns whether flows are still in progress.</summary>
    public bool DrainPass()
    {
        if (_kernel is null || Plan.Services.Count == 0)
        {
            return false;
        }

        var started = time.GetTimestamp();
        _kernel.Counting.Read(Plan.Services);
        Put(
            _kernel,
            Plan with { Services = [.. Plan.Services.Select(service => service with { Slots = new uint[service.Slots.Length], LeadsUnknown = false })] },
            started);
        return _kernel.Counting.Targets(Plan.Services).Any(target => target.Active > 0);
    }

    /// <summary>Takes all out of the kernel, after a <see cref="Reset"/> as well.</summary>
    /// <returns>Why rules stay; null when none does.</returns>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public string? Remove()
    {
        if (_kernel is null && !_hasRules)
        {
            return null;
        }

        if (Open() is not { } kernel)
        {
            return _whyNot;
        }

        Put(kernel, KernelPlan.Empty, time.GetTimestamp());
        kernel.Counting.Leave();
        return null;
    }

    /// <summary>After a failure: what the kernel has is to be looked at anew.</summary>
    public void Reset()
    {
        _failures++;
        _kernel?.Counting.Leave();
        Close();
        Plan = Plan with { Services = [] };
    }

    public void Dispose() => Close();

    private KernelPlan Plans(Snapshot snapshot, Topology topology) =>
        KernelPlan.Of(snapshot, topology, Plan.Services, time.GetUtcNow(), _relayed.IsKnown, options);

    /// <summary>Opens the way to the kernel; null, with the reason in <see cref="_whyNot"/>, when there is none.</summary>
    private KernelAccess? Open()
    {
        if (_kernel is null && (_whyNot is null || time.GetElapsedTime(_refusedAt) >= _retryInterval))
        {
            _kernel = KernelAccess.Open(time, out _whyNot);
            _refusedAt = time.GetTimestamp();
        }

        return _kernel;
    }

    private void Close()
    {
        _kernel?.Dispose();
        _kernel = null;
        _whyNot = null;
        _relayed.Clear();
    }

    private void RemoveLeftovers()
    {
        if (!_hasLookedForLeftovers && time.GetElapsedTime(_began) >= _leftoversAfter)
        {
            _hasLookedForLeftovers = true;
            KernelTables.RemoveLeftovers();
        }
    }

    private bool IsOnDevicesMadeAnew(KernelPlan plan)
    {
        var before = Plan.Services.SelectMany(service => service.Devices).ToHashSet();
        return plan.Services.SelectMany(service => service.Devices)
            .Any(device => !before.Contains(device) && before.Any(old => old.Name == device.Name));
    }

    /// <summary>Whether a plan has a target, and so counters, that another has not.</summary>
    private static bool HasMore(KernelPlan plan, KernelPlan other)
    {
        var known = new HashSet<(uint, bool)>();
        foreach (var service in other.Services)
        {
            foreach (var target in service.Targets)
            {
                known.Add((target.Id, service.IsDirect));
            }
        }

        return plan.Services.Any(service => service.Targets.Any(target => !known.Contains((target.Id, service.IsDirect))));
    }

    /// <param name="kernel">The way to the kernel.</param>
    /// <param name="plan">What the kernel is to have.</param>
    /// <param name="started">When the change began.</param>
    private void Put(KernelAccess kernel, KernelPlan plan, long started)
    {
        plan = _relayed.Prepare(plan);
        _hasRules = true;
        var isChange = kernel.Tables.Apply(plan.Services, (batch, tables) => _relayed.Seed(batch, tables, plan));
        _hasRules = plan.Services.Count > 0;
        Forget(kernel.Conntrack, plan);
        Plan = plan;
        _relayed.Applied();
        if (isChange)
        {
            _changes++;
            _lastChange = time.GetElapsedTime(started);
        }
    }

    /// <summary>Cleans up in connection tracking, where translated flows live on whatever the rules are: those of targets
    /// that are dead or gone, and datagrams to virtual servers that are new.</summary>
    private void Forget(Conntrack conntrack, KernelPlan plan)
    {
        var targets = plan.Services.Where(service => !service.KeepsFlows).SelectMany(service => service.Targets).ToArray();
        var alive = targets.Where(target => target.IsAlive).Select(target => target.Id).ToHashSet();

        // What was alive before this process is not known: those that are dead now may have been.
        foreach (var id in (_translated ?? targets.Select(target => target.Id)).Where(id => !alive.Contains(id)))
        {
            conntrack.Forget(id);
        }

        _translated = alive;
        var before = Plan.Services.Select(service => service.Name).ToHashSet();
        foreach (var service in plan.Services.Where(service => service is { KeepsFlows: false, IsUdp: true } && !before.Contains(service.Name)))
        {
            foreach (var endPoint in service.Listen)
            {
                conntrack.ForgetUnmarked(endPoint);
            }
        }
    }
}
