using System.Net;

namespace Gateway.Relay;

/// <summary>How one configured address of a virtual server stands.</summary>
/// <param name="VirtualServerId">The virtual server it belongs to.</param>
/// <param name="Configured">The address as configured.</param>
/// <param name="Bound">The address listened on, with the port the system chose for port 0; null when it is not.</param>
/// <param name="Error">Why it is not listened on; null when it is.</param>
internal sealed record ListenerStatus(string VirtualServerId, IPEndPoint Configured, IPEndPoint? Bound, string? Error)
{
    public bool IsListening => Error is null;
}
