using System.Net.Sockets;
using Gateway.Kernel.Netlink;
using Gateway.Kernel.Rules;
using Gateway.Kernel.Services;

namespace Gateway.Kernel;

/// <summary>When rules lead packets of flows that they do not know, as after a restart, they must know the flows that the
/// relay has: that is told them once it has accepted whatever reached its socket before the rules were there.</summary>
internal sealed class RelayedFlows(TimeProvider time, Func<IEnumerable<RelayedFlow>> relayed)
{
    /// <summary>The relay accepts within this time what reached its socket before the rules were there.</summary>
    private static readonly TimeSpan _acceptTime = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, long> _inKernelSince = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);
    private HashSet<string> _keeping = [];
    private HashSet<string> _ripe = [];

    /// <summary>Whether the rules of a virtual server know the relay's flows.</summary>
    public bool IsKnown(string virtualServer) => _known.Contains(virtualServer);

    /// <summary>The plan, in which rules lead what they do not know wherever the time has come.</summary>
    public KernelPlan Prepare(KernelPlan plan)
    {
        _keeping = plan.Services.Where(service => service.KeepsFlows).Select(service => service.VirtualServerId)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var gone in _inKernelSince.Keys.Where(id => !_keeping.Contains(id)).ToArray())
        {
            _inKernelSince.Remove(gone);
            _known.Remove(gone);
        }

        _ripe = _keeping.Where(id => !_known.Contains(id) && _inKernelSince.TryGetValue(id, out var since)
            && time.GetElapsedTime(since) >= _acceptTime).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return _ripe.Count == 0 ? plan : plan with
        {
            Services = [.. plan.Services.Select(service => service with
            {
                LeadsUnknown = service.LeadsUnknown || _ripe.Contains(service.VirtualServerId),
            })],
        };
    }

    /// <summary>Tells the rules which flows the relay has, in the same transaction in which they begin to lead flows that
    /// they do not know.</summary>
    public void Seed(NftBatch batch, IReadOnlyDictionary<TableFamily, NftTable> tables, KernelPlan plan)
    {
        if (_ripe.Count == 0)
        {
            return;
        }

        var flows = relayed().ToLookup(flow => flow.VirtualServerId, StringComparer.OrdinalIgnoreCase);
        foreach (var service in plan.Services.Where(service => service.KeepsFlows && _ripe.Contains(service.VirtualServerId)))
        {
            var table = tables[service.Table];
            if (table.Sets.FirstOrDefault(set => set.Name == service.Name + "_relayed") is { } set)
            {
                var isIPv6 = service.IsIPv6;
                batch.Elements(
                    table, set,
                    [.. flows[service.VirtualServerId]
                        .Where(flow => flow.Client.AddressFamily == AddressFamily.InterNetworkV6 == isIPv6)
                        .Select(flow => new FlowKeyDatum(flow.Client, service.IsDirect ? flow.Port : null)).Distinct().Take(service.MaxFlows)],
                    service.IdleTimeout);
            }
        }
    }

    /// <summary>The kernel has the plan.</summary>
    public void Applied()
    {
        _known.UnionWith(_ripe);
        _ripe.Clear();
        foreach (var id in _keeping)
        {
            _inKernelSince.TryAdd(id, time.GetTimestamp());
        }
    }

    /// <summary>What the kernel has is to be looked at anew.</summary>
    public void Clear()
    {
        _inKernelSince.Clear();
        _known.Clear();
    }
}
