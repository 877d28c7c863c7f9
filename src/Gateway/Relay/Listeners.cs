using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.Queueing;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <summary>
/// The listening sockets of all virtual servers, brought in line with each snapshot by the difference: an address that
/// stays keeps its socket and its connections, whatever else changes. All members may be called from any thread.
/// </summary>
internal sealed partial class Listeners(
    ClusterSchedulers schedulers, ClusterQueues queues, IRelayEngine engine, TimeProvider time, ILogger logger)
{
    private readonly Lock _gate = new();

    // One that is removed stays, so that its counters go on when it comes back.
    private readonly Dictionary<string, VirtualServer> _virtualServers = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<ListenerKey, IRelayListener> _open = [];
    private readonly Dictionary<(string, ListenerKey), string> _errors = [];
    private IReadOnlyList<VirtualServerOptions> _wanted = [];
    private volatile IReadOnlyList<ListenerStatus> _status = [];
    private volatile IReadOnlyList<VirtualServer> _current = [];
    private bool _closed;

    private sealed record ListenerKey(bool IsUdp, IPEndPoint EndPoint);

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
        // The relay listens for virtual servers of the kernel too: it serves what the kernel does not take.
        options.Protocol.ToUpperInvariant() is "TCP" or "UDP"
        && options.Forwarding.ToUpperInvariant() is "RELAY" or "NAT" or "DIRECT";

    private void ReconcileNeedsLock()
    {
        // Before any socket is opened or closed, which takes a while: connections that come meanwhile go where the new
        // snapshot wants them.
        foreach (var options in _wanted)
        {
            UpdateNeedsLock(options);
        }

        // What is no longer wanted goes first: it may be in the way of what is (0.0.0.0:25 instead of 127.0.0.1:25).
        var wanted = _wanted.SelectMany(KeysOf).ToHashSet();
        foreach (var key in _open.Keys.Where(key => !wanted.Contains(key)).ToArray())
        {
            _open.Remove(key, out var listener);
            listener!.Dispose();
            LogClosed(listener.VirtualServer.Id, key.EndPoint);
        }

        var status = new List<ListenerStatus>();
        var all = new HashSet<(string, ListenerKey)>();
        var taken = new Dictionary<ListenerKey, string>();
        foreach (var options in _wanted)
        {
            var virtualServer = _virtualServers[options.Id];
            foreach (var key in KeysOf(options))
            {
                var error = taken.TryGetValue(key, out var owner)
                    ? $"already used by virtual server '{owner}'"
                    : OpenNeedsLock(key, virtualServer);
                taken.TryAdd(key, options.Id);
                all.Add((options.Id, key));
                NoteNeedsLock(options.Id, key, error);
                status.Add(new ListenerStatus(
                    options.Id, key.EndPoint, error is null ? _open[key].EndPoint : null, error));
            }
        }

        foreach (var (key, _) in _errors)
        {
            if (!all.Contains(key))
            {
                _errors.Remove(key); // which a dictionary allows while it is walked
            }
        }

        _current = [.. _wanted.Select(options => _virtualServers[options.Id])];
        _status = status;
    }

    private static IEnumerable<ListenerKey> KeysOf(VirtualServerOptions options) =>
        options.Listen.Select(endPoint => new ListenerKey(RelaySocket.IsUdp(options), endPoint));

    private void UpdateNeedsLock(VirtualServerOptions options)
    {
        if (_virtualServers.TryGetValue(options.Id, out var virtualServer))
        {
            virtualServer.Options = options;
        }
        else
        {
            _virtualServers[options.Id] = new VirtualServer(options, schedulers, queues, time, logger);
        }
    }

    private string? OpenNeedsLock(ListenerKey key, VirtualServer virtualServer)
    {
        if (_open.TryGetValue(key, out var listener))
        {
            listener.VirtualServer = virtualServer;
            return null;
        }

        try
        {
            var opened = engine.Listen(key.EndPoint, virtualServer);
            _open[key] = opened;
            LogListening(virtualServer.Id, opened.EndPoint);
            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => "the port is in use, by another program or for a connection that goes out (sysctl net.ipv4.ip_local_port_range)",
                SocketError.AccessDenied => "not permitted; ports below 1024 need the capability NET_BIND_SERVICE",
                SocketError.AddressNotAvailable => "this machine has no such address",
                _ => e.Message,
            };
        }
        catch (NotSupportedException e)
        {
            return e.Message;
        }
    }

    /// <summary>Logs what changed, once.</summary>
    private void NoteNeedsLock(string id, ListenerKey key, string? error)
    {
        var before = _errors.GetValueOrDefault((id, key));
        if (error is null)
        {
            _errors.Remove((id, key));
        }
        else
        {
            _errors[(id, key)] = error;
        }

        if (error is not null && error != before)
        {
            LogCannotListen(id, key.EndPoint, error);
        }
    }

    [LoggerMessage(LogLevel.Information, "{VirtualServer}: listening on {EndPoint}")]
    private partial void LogListening(string virtualServer, IPEndPoint endPoint);

    [LoggerMessage(LogLevel.Information, "{VirtualServer}: no longer listening on {EndPoint}")]
    private partial void LogClosed(string virtualServer, IPEndPoint endPoint);

    [LoggerMessage(LogLevel.Error, "{VirtualServer}: cannot listen on {EndPoint}: {Error}")]
    private partial void LogCannotListen(string virtualServer, IPEndPoint endPoint, string error);
}
