using System.Net;

namespace Gateway.Kernel;

/// <summary>A TCP connection that the relay has: packets of it must not be led to a destination.</summary>
/// <param name="VirtualServerId">Its virtual server.</param>
/// <param name="Client">The client's address and port.</param>
/// <param name="Port">The port it came to.</param>
internal readonly record struct RelayedFlow(string VirtualServerId, IPEndPoint Client, int Port);
