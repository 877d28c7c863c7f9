using Gateway.EventLoop;
using Gateway.Http.Forwarding;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Http.Transport;

/// <summary>The loop of a connection that is Kestrel's; a feature of the connection.</summary>
internal sealed class LoopClient(LoopPlace place) : ILoopClient
{
    private volatile IClientWatcher? _watcher;
    private volatile bool _isGone;

    public Loop Loop => place.Loop;

    public UpstreamPool Upstreams => place.Upstreams;

    /// <summary>How slowly the client may take an answer; null leaves that to Kestrel, or to the client.</summary>
    public MinDataRate? SlowestRate { get; set; }

    /// <summary>Its socket, for bytes that need not go through a pipe.</summary>
    public ClientSocket? Socket { get; set; }

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
