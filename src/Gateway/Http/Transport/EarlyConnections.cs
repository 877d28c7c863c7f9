using System.Net;
using Gateway.Clusters;

namespace Gateway.Http.Transport;

/// <summary>The connections of one entrance of which Kestrel does not know yet. Used on the loop's thread, but for
/// <see cref="Snapshot"/> and <see cref="Ended"/>.</summary>
internal sealed class EarlyConnections : ILiveFlows
{
    private readonly LoopPlace _place;
    private readonly IEarlyServer _server;
    private readonly Action<GivenConnection> _give;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Chained through the connections themselves; the lock is met only by who wants to see all of them.
    private readonly Lock _gate = new();
    private EarlySocket? _first;
    private bool _isEnding;

    /// <param name="place">The loop.</param>
    /// <param name="server">Who serves them.</param>
    /// <param name="give">Gives one to Kestrel.</param>
    public EarlyConnections(LoopPlace place, IEarlyServer server, Action<GivenConnection> give)
    {
        _place = place;
        _server = server;
        _give = give;
        server.Opened(this);
    }

    public LoopPlace Place => _place;

    /// <summary>Whether connections begin here.</summary>
    public bool IsOn => _server.IsOn && !_isEnding;

    /// <summary>Ends when there is none any more, after <see cref="End"/>.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Takes a connection on.</summary>
    public void Open(int fd, IPEndPoint remote, IPEndPoint local)
    {
        var socket = _server.Open(this, fd, remote, local);
        lock (_gate)
        {
            socket.After = _first;
            if (_first is not null)
            {
                _first.Before = socket;
            }

            _first = socket;
        }

        socket.Start();
    }

    /// <summary>A connection has come to its end.</summary>
    public void Remove(EarlySocket socket)
    {
        lock (_gate)
        {
            if (socket.Before is { } before)
            {
                before.After = socket.After;
            }
            else
            {
                _first = socket.After;
            }

            if (socket.After is { } after)
            {
                after.Before = socket.Before;
            }

            (socket.Before, socket.After) = (null, null);
        }

        TellEnded();
    }

    /// <summary>A connection is Kestrel's from here on.</summary>
    /// <param name="socket">What it was here.</param>
    /// <param name="given">What it is from here on.</param>
    public void Give(EarlySocket socket, in GivenConnection given)
    {
        try
        {
            _give(given);
        }
        finally
        {
            Remove(socket);
        }
    }

    /// <summary>Lets each end as soon as it has no request in progress.</summary>
    public void End()
    {
        _isEnding = true;
        All().ForEach(socket => socket.RequestClose());
        TellEnded();
    }

    /// <summary>Resets those that are left.</summary>
    public void Abort() => All().ForEach(socket => socket.Abort());

    public IReadOnlyCollection<ILiveFlow> Snapshot()
    {
        var flows = new List<ILiveFlow>();
        All().ForEach(socket => socket.AddFlows(flows));
        return flows;
    }

    private List<EarlySocket> All()
    {
        var all = new List<EarlySocket>();
        lock (_gate)
        {
            for (var socket = _first; socket is not null; socket = socket.After)
            {
                all.Add(socket);
            }
        }

        return all;
    }

    private void TellEnded()
    {
        if (_isEnding && _first is null && _ended.TrySetResult())
        {
            _server.Closed(this);
        }
    }
}
