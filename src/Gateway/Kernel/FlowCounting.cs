using Gateway.Kernel.Netlink;
using Gateway.Kernel.Rules;
using Gateway.Kernel.Services;

namespace Gateway.Kernel;

/// <summary>Reads the kernel's counters and flow maps into the counters of destinations.</summary>
/// <remarks>Going through the maps takes time that grows faster than they do (12 ms for 10 000 flows, 700 ms for 100 000),
/// so it is done at most for a twentieth of the time.</remarks>
internal sealed class FlowCounting(KernelTables tables, Conntrack conntrack, TimeProvider time)
{
    private const int ShareOfTime = 20;

    /// <summary>Ids are marks of this form; see <see cref="FlowId"/>.</summary>
    private const uint MarkPrefix = 0x4000_0000;
    private const uint MarkMask = 0xf000_0000;

    private static readonly TimeSpan _shortestInterval = TimeSpan.FromSeconds(1);

    // Direct and translated flows are counted in tables of their own: a target that changes over begins anew.
    private readonly Dictionary<(uint Id, bool IsDirect), FlowTally> _tallies = [];
    private long _nextExact;

    /// <summary>Reads all; <paramref name="services"/> are those in the kernel.</summary>
    public void Read(IReadOnlyList<ForwardedService> services)
    {
        var counters = new Dictionary<TableFamily, Dictionary<string, (long Packets, long Bytes)>>
        {
            [TableFamily.Netdev] = tables.Counters(TableFamily.Netdev),
            [TableFamily.Inet] = tables.Counters(TableFamily.Inet),
        };
        var present = new HashSet<(uint, bool)>();
        foreach (var service in services)
        {
            foreach (var target in service.Targets)
            {
                var key = (target.Id, service.IsDirect);
                present.Add(key);
                if (!_tallies.TryGetValue(key, out var tally))
                {
                    _tallies[key] = tally = new FlowTally(target.Destination.State);
                }

                tally.Count(CountersOf(target.Elements, counters[service.Table]));
            }
        }

        foreach (var (key, tally) in _tallies.Where(entry => !present.Contains(entry.Key)).ToArray())
        {
            tally.Leave();
            _tallies.Remove(key);
        }

        var started = time.GetTimestamp();
        if (started >= _nextExact)
        {
            Correct(services);
            var spent = time.GetElapsedTime(started);
            var pause = spent * ShareOfTime > _shortestInterval ? spent * ShareOfTime : _shortestInterval;
            _nextExact = time.GetTimestamp() + (long)(pause.TotalSeconds * time.TimestampFrequency);
        }

        foreach (var service in services)
        {
            foreach (var target in service.Targets)
            {
                _tallies[(target.Id, service.IsDirect)].Settle(service.IsUdp);
            }
        }
    }

    /// <summary>What was counted for each target.</summary>
    public IReadOnlyList<KernelTarget> Targets(IReadOnlyList<ForwardedService> services) =>
    [
        .. from service in services
           from target in service.Targets
           let tally = _tallies.GetValueOrDefault((target.Id, service.IsDirect))
           where tally is not null
           select new KernelTarget(
               service.VirtualServerId, target.Destination.ClusterId, target.Destination.Id,
               tally.Counters, tally.Active, tally.Inactive),
    ];

    /// <summary>Takes back all flows in progress: the kernel has none of them any more, or is not looked at.</summary>
    public void Leave()
    {
        foreach (var tally in _tallies.Values)
        {
            tally.Leave();
        }

        _tallies.Clear();
    }

    private static KernelCounters CountersOf(TargetElements target, Dictionary<string, (long Packets, long Bytes)> counters)
    {
        var sent = counters.GetValueOrDefault(target.Packets.Name);
        var received = counters.GetValueOrDefault(target.Answers.Name);
        return new KernelCounters(
            counters.GetValueOrDefault(target.Started.Name).Packets,
            counters.GetValueOrDefault(target.Ended.Name).Packets,
            sent.Packets, sent.Bytes, received.Packets, received.Bytes);
    }

    private void Correct(IReadOnlyList<ForwardedService> services)
    {
        Dictionary<uint, (int Active, int Inactive)>? tracked = null;
        foreach (var service in services)
        {
            if (!service.KeepsFlows)
            {
                tracked ??= conntrack.CountByMark(MarkPrefix, MarkMask);
            }

            var open = service is { KeepsFlows: true, OnePacket: false } ? tables.CountFlows(service.Table, service.Name + "_flows") : [];
            var closing = service is { KeepsFlows: true, IsUdp: false } ? tables.CountFlows(service.Table, service.Name + "_closing") : [];
            foreach (var target in service.Targets)
            {
                var (active, inactive) = service.KeepsFlows
                    ? (open.GetValueOrDefault(target.Id), closing.GetValueOrDefault(target.Id))
                    : tracked!.GetValueOrDefault(target.Id);
                _tallies[(target.Id, service.IsDirect)].Correct(active, inactive);
            }
        }
    }
}
