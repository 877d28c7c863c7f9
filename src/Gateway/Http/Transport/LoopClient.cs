using Gateway.EventLoop;
using Gateway.Http.Forwarding;

namespace Gateway.Http.Transport;

/// <summary>The loop of a connection that is Kestrel's; a feature of the connection.</summary>
internal sealed class LoopClient(LoopPlace place) : ILoopClient
{
    private volatile IClientWatcher? _watcher;
    private volatile bool _isGone;

    public Loop Loop => place.Loop;

    public UpstreamPool Upstreams => place.Upstreams;

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
