using System.Net;
using Gateway.Clusters;
using Gateway.Kernel.Rules;

namespace Gateway.Kernel.Services;

/// <summary>The addresses of one family of one virtual server whose packets the kernel forwards: all that the rules need
/// to know of it.</summary>
internal sealed record ForwardedService
{
    /// <summary>The beginning of the names of its chains and maps.</summary>
    public required string Name { get; init; }

    public required string VirtualServerId { get; init; }

    public required bool IsUdp { get; init; }

    public required bool IsIPv6 { get; init; }

    /// <summary>Whether packets are sent on as they are, and answers do not come back here; else addresses are
    /// translated.</summary>
    public required bool IsDirect { get; init; }

    /// <summary>Whether addresses are translated without connection tracking.</summary>
    public bool IsStateless { get; init; }

    /// <summary>Whether its flows are in Gateway's own maps, and not in connection tracking.</summary>
    public bool KeepsFlows => IsDirect || IsStateless;

    /// <summary>The family of the table it is in.</summary>
    public TableFamily Table => IsDirect ? TableFamily.Netdev : TableFamily.Inet;

    /// <summary>The virtual addresses and ports.</summary>
    public required IReadOnlyList<IPEndPoint> Listen { get; init; }

    /// <summary>The interfaces on which clients' packets come, for direct forwarding.</summary>
    public IReadOnlyList<Device> Devices { get; init; } = [];

    public required IReadOnlyList<Target> Targets { get; init; }

    /// <summary>The ids of the targets that new flows go to in turn, or by hash; 0 is nobody.</summary>
    public required uint[] Slots { get; init; }

    /// <summary>Whether <see cref="Slots"/> follow loads.</summary>
    public bool IsSteered { get; init; }

    /// <summary>Whether the client's hash chooses the slot, and not its turn.</summary>
    public bool IsHashed { get; init; }

    /// <summary>Whether the client's port is part of the hash.</summary>
    public bool HashesPort { get; init; }

    /// <summary>Prefix length by which clients are hashed together.</summary>
    public int HashPrefix { get; init; } = 128;

    /// <summary>How long a client is led to the target it had; null is not at all.</summary>
    public TimeSpan? Persistence { get; init; }

    /// <summary>Prefix length by which clients are grouped for <see cref="Persistence"/>.</summary>
    public int PersistencePrefix { get; init; }

    /// <summary>Silence after which an open flow is forgotten.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The same once one side has closed.</summary>
    public TimeSpan ClosingTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Most elements of each map that packets fill. The kernel takes 16 bytes for each when it makes the map, and
    /// about 115 when a flow comes.</summary>
    public int MaxFlows { get; init; } = new KernelOptions().MaxFlows;

    /// <summary>udp: whether each datagram is scheduled by itself.</summary>
    public bool OnePacket { get; init; }

    /// <summary>nat: whether servers see an address of this machine as the client.</summary>
    public bool Masquerade { get; init; }

    /// <summary>Whether packets of flows nobody knows are led by hash, and not given to the relay, once all flows of the relay
    /// are known to the rules; without connection tracking only where new flows are, too.</summary>
    public bool LeadsUnknown { get; init; }
}
