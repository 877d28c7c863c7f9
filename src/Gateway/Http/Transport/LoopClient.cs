using Gateway.EventLoop;
using Gateway.Http.Forwarding;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Http.Transport;

/// <summary>What a request may know of the event loop its connection lives on; a feature of the connection.</summary>
internal sealed class LoopClient(LoopPlace place)
{
    private volatile IClientWatcher? _watcher;
    private volatile bool _isGone;

    public Loop Loop => place.Loop;

    public UpstreamPool Upstreams => place.Upstreams;

    /// <summary>How slowly the client may take an answer; null leaves that to Kestrel.</summary>
    public MinDataRate? SlowestRate { get; set; }

    /// <summary>Its socket, for bytes that need not go through a pipe.</summary>
    public ClientSocket? Socket { get; set; }

    /// <summary>Whether its requests are Kestrel's, whatever they look like.</summary>
    public bool IsPastLane { get; set; }

    /// <summary>Whether the client has gone.</summary>
    public bool IsGone => _isGone;

    /// <summary>Has somebody told, on the loop's thread, when the client goes away; at once when it has. Null ends it.
    /// </summary>
    /// <remarks>For a request of HTTP/1.1, of which a connection has one at a time. It costs nothing, where the token of the
    /// request would be made for each.</remarks>
    public void Watch(IClientWatcher? watcher)
    {
        _watcher = watcher;
        if (_isGone)
        {
            watcher?.OnClientGone();
        }
    }

    /// <summary>The client has closed or reset the connection, or it was aborted from this side.</summary>
    public void Gone()
    {
        _isGone = true;
        _watcher?.OnClientGone();
    }
}
