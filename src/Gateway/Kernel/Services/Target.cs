using System.Net;
using Gateway.Clusters;

namespace Gateway.Kernel.Services;

/// <summary>One destination of a kernel service.</summary>
/// <param name="Destination">The destination itself.</param>
/// <param name="Elements">What tables hold of it.</param>
internal sealed record Target(Destination Destination, TargetElements Elements)
{
    /// <summary>The number it has in maps and marks.</summary>
    public uint Id => Elements.Id;

    /// <summary>Where it is.</summary>
    public IPEndPoint EndPoint => Elements.EndPoint;

    /// <summary>Whether flows it has may go on.</summary>
    public bool IsAlive => Destination.KeepsFlows;

    /// <summary>Whether clients that are remembered may open new flows.</summary>
    public required bool IsWelcoming { get; init; }
}
