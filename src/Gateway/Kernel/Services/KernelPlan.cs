using System.Net.Sockets;
using Gateway.Clusters;

namespace Gateway.Kernel.Services;

/// <summary>Which virtual servers the kernel forwards, and why not the others: a pure function of the snapshot, of what is
/// known of the machine, and of the plan before.</summary>
/// <param name="Services">What the rules are made of.</param>
/// <param name="Paths">How each family of each virtual server that asks for it is forwarded.</param>
internal sealed record KernelPlan(IReadOnlyList<ForwardedService> Services, IReadOnlyList<KernelPath> Paths)
{
    private static readonly bool[] _families = [false, true];

    public static KernelPlan Empty { get; } = new([], []);

    /// <summary>Whether a virtual server asks for the kernel.</summary>
    public static bool IsWanted(VirtualServerOptions options) => options.Forwarding is "nat" or "direct";

    /// <param name="snapshot">What is wanted.</param>
    /// <param name="topology">What is known of the machine.</param>
    /// <param name="before">The services that are in the kernel: slots move as little as they must, and what stays the same
    /// stays the same object.</param>
    /// <param name="now">The time, for words that end.</param>
    /// <param name="knowsRelayed">Whether the rules know all flows of the relay of a virtual server.</param>
    /// <param name="kernel">The section of the configuration; null is its defaults.</param>
    public static KernelPlan Of(
        Snapshot snapshot,
        Topology topology,
        IReadOnlyList<ForwardedService> before,
        DateTimeOffset now,
        Func<string, bool> knowsRelayed,
        KernelOptions? kernel = null)
    {
        kernel ??= new KernelOptions();
        var services = new List<ForwardedService>();
        var paths = new List<KernelPath>();
        var taken = new HashSet<uint>();
        var choice = new StatelessChoice(snapshot, topology);
        var byName = before.ToDictionary(service => service.Name);
        foreach (var options in snapshot.VirtualServers.Where(IsWanted))
        {
            var cluster = snapshot.FindCluster(options.ClusterId);
            foreach (var isIPv6 in _families)
            {
                var listen = options.Listen.Where(endPoint => endPoint.AddressFamily == AddressFamily.InterNetworkV6 == isIPv6).ToArray();
                if (listen.Length == 0)
                {
                    continue;
                }

                var draft = new ServiceDraft(options, cluster, isIPv6, listen, topology, choice, now);
                var service = draft.Complete(taken, byName, knowsRelayed(options.Id));
                if (service is not null)
                {
                    services.Add(service with { MaxFlows = kernel.MaxFlows });
                }

                paths.Add(new KernelPath(options.Id, options.Forwarding, isIPv6, service is not null, draft.Reason));
            }
        }

        return new KernelPlan(services, paths);
    }
}

/// <summary>How one address family of a virtual server is forwarded.</summary>
/// <param name="VirtualServerId">The virtual server.</param>
/// <param name="Forwarding">What it asks for: <c>nat</c> or <c>direct</c>.</param>
/// <param name="IsIPv6">The family.</param>
/// <param name="IsInKernel">Whether the kernel forwards it; else the relay does.</param>
/// <param name="Reason">Why the relay does, or what is noteworthy; empty is nothing.</param>
internal sealed record KernelPath(string VirtualServerId, string Forwarding, bool IsIPv6, bool IsInKernel, string Reason);
