using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <summary>
/// The listening sockets of all virtual servers, brought in line with each snapshot by the difference: an address that
/// stays keeps its socket and its connections, whatever else changes. All members may be called from any thread.
/// </summary>
internal sealed partial class Listeners(ClusterSchedulers schedulers, IRelayEngine engine, ILogger logger)
{
    private readonly Lock _gate = new();

    // One that is removed stays, so that its counters go on when it comes back.
    private readonly Dictionary<string, VirtualServer> _virtualServers = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<IPEndPoint, IRelayListener> _open = [];
    private readonly Dictionary<(string, IPEndPoint), string> _errors = [];
    private IReadOnlyList<VirtualServerOptions> _wanted = [];
    private volatile IReadOnlyList<ListenerStatus> _status = [];
    private volatile IReadOnlyList<VirtualServer> _current = [];
    private bool _closed;

    /// <summary>Every configured address, in the order of the configuration.</summary>
    public IReadOnlyList<ListenerStatus> Status => _status;

    /// <summary>The relayed virtual servers of the current snapshot, in its order.</summary>
    public IReadOnlyList<VirtualServer> VirtualServers => _current;

    /// <summary>Takes over the virtual servers of a snapshot. What cannot be bound is logged, and tried again by
    /// <see cref="Retry"/>.</summary>
    public void Apply(Snapshot snapshot)
    {
        lock (_gate)
        {
            if (!_closed)
            {
                _wanted = [.. snapshot.VirtualServers.Where(IsOurs)];
                ReconcileNeedsLock();
            }
        }
    }

    /// <summary>Tries again to bind what could not be bound.</summary>
    public void Retry()
    {
        lock (_gate)
        {
            if (!_closed && _errors.Count > 0)
            {
                ReconcileNeedsLock();
            }
        }
    }

    /// <summary>Closes all listeners for good; connections run on.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            _wanted = [];
            ReconcileNeedsLock();
        }
    }

    private static bool IsOurs(VirtualServerOptions options) =>
        string.Equals(options.Protocol, "tcp", StringComparison.OrdinalIgnoreCase)
        && string.Equals(options.Forwarding, "relay", StringComparison.OrdinalIgnoreCase);

    private void ReconcileNeedsLock()
    {
        // What is no longer wanted goes first: it may be in the way of what is (0.0.0.0:25 instead of 127.0.0.1:25).
        var wanted = _wanted.SelectMany(options => options.Listen).ToHashSet();
        foreach (var endPoint in _open.Keys.Where(endPoint => !wanted.Contains(endPoint)).ToArray())
        {
            _open.Remove(endPoint, out var listener);
            listener!.Dispose();
            LogClosed(listener.VirtualServer.Id, endPoint);
        }

        var status = new List<ListenerStatus>();
        var taken = new Dictionary<IPEndPoint, string>();
        foreach (var options in _wanted)
        {
            var virtualServer = Find(options);
            foreach (var endPoint in options.Listen)
            {
                var error = taken.TryGetValue(endPoint, out var owner)
                    ? $"already used by virtual server '{owner}'"
                    : OpenNeedsLock(endPoint, virtualServer);
                taken.TryAdd(endPoint, options.Id);
                NoteNeedsLock(options.Id, endPoint, error);
                status.Add(new ListenerStatus(
                    options.Id, endPoint, error is null ? _open[endPoint].EndPoint : null, error));
            }
        }

        foreach (var key in _errors.Keys.Where(key => !status.Any(s => (s.VirtualServerId, s.Configured) == key)).ToArray())
        {
            _errors.Remove(key);
        }

        _current = [.. _wanted.Select(options => _virtualServers[options.Id])];
        _status = status;
    }

    private VirtualServer Find(VirtualServerOptions options)
    {
        if (_virtualServers.TryGetValue(options.Id, out var virtualServer))
        {
            virtualServer.Options = options;
            return virtualServer;
        }

        return _virtualServers[options.Id] = new VirtualServer(options, schedulers);
    }

    private string? OpenNeedsLock(IPEndPoint endPoint, VirtualServer virtualServer)
    {
        if (_open.TryGetValue(endPoint, out var listener))
        {
            listener.VirtualServer = virtualServer;
            return null;
        }

        try
        {
            var opened = engine.Listen(endPoint, virtualServer);
            _open[endPoint] = opened;
            LogListening(virtualServer.Id, opened.EndPoint);
            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => "the address is in use by another program",
                SocketError.AccessDenied => "not permitted; ports below 1024 need the capability NET_BIND_SERVICE",
                SocketError.AddressNotAvailable => "this machine has no such address",
                _ => e.Message,
            };
        }
    }

    /// <summary>Logs what changed, once.</summary>
    private void NoteNeedsLock(string id, IPEndPoint endPoint, string? error)
    {
        var before = _errors.GetValueOrDefault((id, endPoint));
        if (error is null)
        {
            _errors.Remove((id, endPoint));
        }
        else
        {
            _errors[(id, endPoint)] = error;
        }

        if (error is not null && error != before)
        {
            LogCannotListen(id, endPoint, error);
        }
    }

    [LoggerMessage(LogLevel.Information, "{VirtualServer}: listening on {EndPoint}")]
    private partial void LogListening(string virtualServer, IPEndPoint endPoint);

    [LoggerMessage(LogLevel.Information, "{VirtualServer}: no longer listening on {EndPoint}")]
    private partial void LogClosed(string virtualServer, IPEndPoint endPoint);

    [LoggerMessage(LogLevel.Error, "{VirtualServer}: cannot listen on {EndPoint}: {Error}")]
    private partial void LogCannotListen(string virtualServer, IPEndPoint endPoint, string error);
}
