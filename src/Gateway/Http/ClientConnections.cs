using System.Collections.Concurrent;
using Gateway.Clusters;
using Gateway.Http.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Http;

/// <summary>All HTTP connections of clients. One that is told to end is closed when it is idle or its request has ended
/// (HTTP/1.1), or gets GOAWAY (HTTP/2).</summary>
/// <remarks>Those of an endpoint that is changed or removed while the program goes on are told so as well, and have all the time they
/// need: Kestrel, which would cut them off, lets go of them.</remarks>
internal sealed partial class ClientConnections : ILiveFlows, IDisposable
{
    // As often as Kestrel looks.
    private static readonly TimeSpan _beat = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<FollowedConnection, bool> _connections = new();
    private readonly ConcurrentDictionary<ILiveFlows, bool> _others = new();
    private readonly ConcurrentDictionary<ClientListener, bool> _left = new();
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private readonly ILogger _logger;

    public ClientConnections(LeftListeners left, TimeProvider time, ILogger<ClientConnections> logger)
    {
        _logger = logger;
        _timer = time.CreateTimer(_ => Beat(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        left.Left += OnLeft;
    }

    public IReadOnlyCollection<ILiveFlow> Snapshot() =>
        [.. _connections.Select(entry => entry.Key), .. _others.SelectMany(entry => entry.Key.Snapshot())];

    /// <summary>From now on those are among them of which Kestrel does not know.</summary>
    public void Include(ILiveFlows others) => _others.TryAdd(others, true);

    /// <summary>Ends what <see cref="Include"/> has begun.</summary>
    public void Exclude(ILiveFlows others) => _others.TryRemove(others, out _);

    /// <summary>Follows a connection from its beginning to its end; part of Kestrel's way of each connection.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="next">Serves it.</param>
    /// <param name="slowest">How slowly the client may take what is left to send when it was served; null is as slowly as it likes.</param>
    public async Task FollowAsync(ConnectionContext connection, ConnectionDelegate next, MinDataRate? slowest)
    {
        if (connection.Features.Get<LoopClient>() is { } client)
        {
            // Kestrel begins it on a thread of the pool.
            await client.Loop.SwitchAsync();
        }

        var followed = new FollowedConnection(connection, slowest);
        _connections.TryAdd(followed, true);
        _ = ServeAsync(followed, next);
        if (connection is ClientConnection { Listener.IsLeft: true })
        {
            // Between its listener and here.
            Leave(other => other == followed);
        }

        await followed.IsKestrels;
    }

    /// <summary>Waits for the end of those that Kestrel has let go of, as Kestrel does for the others when the program stops.</summary>
    /// <param name="patience">Fires when they are to be reset.</param>
    public async Task EndLeftAsync(CancellationToken patience)
    {
        FollowedConnection[] followed = [.. _connections.Select(entry => entry.Key).Where(connection => connection.IsLeft)];
        ClientListener[] listeners = [.. _left.Select(entry => entry.Key)];
        try
        {
            await Task.WhenAll([.. followed.Select(connection => connection.Ended!), .. listeners.Select(listener => listener.EarlyEnded)])
                .WaitAsync(patience);
        }
        catch (OperationCanceledException)
        {
            Array.ForEach(followed, connection => connection.Abort());
            Array.ForEach(listeners, listener => listener.AbortEarly());
        }
    }

    public void Dispose() => _timer.Dispose();

    private void OnLeft(ClientListener listener)
    {
        _left.TryAdd(listener, true);
        _ = ForgetAsync(listener);
        Leave(followed => followed.IsOf(listener));
    }

    private async Task ForgetAsync(ClientListener listener)
    {
        await listener.EarlyEnded;
        _left.TryRemove(listener, out _);
    }

    private async Task ServeAsync(FollowedConnection followed, ConnectionDelegate next)
    {
        try
        {
            await followed.ServeAsync(next);
        }
        catch (Exception e)
        {
            LogFailed(e);
        }
        finally
        {
            _connections.TryRemove(followed, out _);
            followed.Served();
        }
    }

    private void Leave(Func<FollowedConnection, bool> which)
    {
        foreach (var (followed, _) in _connections)
        {
            if (which(followed))
            {
                followed.Leave();
            }
        }

        lock (_gate)
        {
            _timer.Change(_beat, _beat);
        }
    }

    private void Beat()
    {
        lock (_gate)
        {
            var left = _connections.Where(entry => entry.Key.IsLeft).Select(entry => entry.Key).ToArray();
            if (left.Length == 0)
            {
                _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }

            foreach (var followed in left)
            {
                try
                {
                    followed.Beat();
                }
                catch (Exception e)
                {
                    LogFailed(e);
                }
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "A connection whose endpoint was changed or removed failed")]
    private partial void LogFailed(Exception exception);
}
