using System.Net;
using System.Net.Sockets;
using Gateway.Kernel.Rules;

namespace Gateway.Kernel.Services;

/// <summary>What must be known of the machine to plan: its interfaces and addresses, where destinations are, and what the
/// kernel can do.</summary>
internal sealed record Topology
{
    /// <summary>The interface of each address of the machine.</summary>
    public IReadOnlyDictionary<IPAddress, Device> Addresses { get; init; } = new Dictionary<IPAddress, Device>();

    /// <summary>The interfaces by name.</summary>
    public IReadOnlyDictionary<string, Device> Devices { get; init; } = new Dictionary<string, Device>();

    /// <summary>How each destination's address is reached.</summary>
    public IReadOnlyDictionary<IPAddress, Way> Ways { get; init; } = new Dictionary<IPAddress, Way>();

    /// <summary>Why nothing can be forwarded directly, or null.</summary>
    public string? WhyNotDirect { get; init; }

    /// <summary>Why nothing can be translated, or null.</summary>
    public string? WhyNotNat { get; init; }

    /// <summary>Why nothing can be translated without connection tracking, or null.</summary>
    public string? WhyNotStateless { get; init; }

    /// <summary>Families whose packets the machine does not pass on, with the setting that says so.</summary>
    public IReadOnlyDictionary<AddressFamily, string> NotRouting { get; init; } = new Dictionary<AddressFamily, string>();
}

/// <summary>How an address is reached.</summary>
/// <param name="Device">Through which interface; null when there is no way.</param>
/// <param name="IsNeighbour">Whether it is on the interface's own segment, and not behind a router.</param>
/// <param name="Source">The address this machine's own packets to it have; null is not known.</param>
internal sealed record Way(Device? Device, bool IsNeighbour, IPAddress? Source = null);
