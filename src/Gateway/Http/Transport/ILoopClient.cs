using Gateway.EventLoop;
using Gateway.Http.Forwarding;

namespace Gateway.Http.Transport;

/// <summary>What a request may know of the event loop its connection lives on.</summary>
internal interface ILoopClient
{
    Loop Loop { get; }

    /// <summary>The connections to destinations that live there.</summary>
    UpstreamPool Upstreams { get; }

    /// <summary>Has somebody told, on the loop's thread, when the client goes away; at once when it has. Null ends it.
    /// </summary>
    /// <remarks>For a request of HTTP/1.1, of which a connection has one at a time. It costs nothing, where the token of the
    /// request would be made for each.</remarks>
    void Watch(IClientWatcher? watcher);
}
