using System.Net;
using Gateway.Clusters;

namespace Gateway.Kernel.Services;

/// <summary>One destination of a kernel service.</summary>
/// <param name="Id">The number it has in maps and marks.</param>
/// <param name="Destination">The destination itself.</param>
/// <param name="EndPoint">Where packets go.</param>
/// <param name="Device">The interface it is reached by, for direct forwarding; null for NAT.</param>
internal sealed record Target(uint Id, Destination Destination, IPEndPoint EndPoint, Rules.Device? Device)
{
    /// <summary>Whether flows it has may go on.</summary>
    public required bool IsAlive { get; init; }

    /// <summary>Whether clients that are remembered may open new flows.</summary>
    public required bool IsWelcoming { get; init; }

    /// <summary>Whether anybody may.</summary>
    public required bool IsOpen { get; init; }
}
