using Gateway.EventLoop;
using Gateway.Http.Forwarding;

namespace Gateway.Http.Transport;

/// <summary>An event loop that serves HTTP, and the connections to destinations that live on it.</summary>
/// <param name="Loop">The loop.</param>
/// <param name="Upstreams">Its idle connections.</param>
internal sealed record LoopPlace(Loop Loop, UpstreamPool Upstreams);
