using System.Collections.Concurrent;
using Gateway.Clusters;
using Gateway.Http.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Http;

/// <summary>All HTTP connections of clients. One that is told to end is closed when it is idle or its request has ended
/// (HTTP/1.1), or gets GOAWAY (HTTP/2).</summary>
internal sealed class ClientConnections : ILiveFlows
{
    private readonly ConcurrentDictionary<Followed, bool> _connections = new();
    private readonly ConcurrentDictionary<ILiveFlows, bool> _others = new();

    public IReadOnlyCollection<ILiveFlow> Snapshot() =>
        [.. _connections.Select(entry => entry.Key), .. _others.SelectMany(entry => entry.Key.Snapshot())];

    /// <summary>From now on those are among them of which Kestrel does not know.</summary>
    public void Include(ILiveFlows others) => _others.TryAdd(others, true);

    /// <summary>Ends what <see cref="Include"/> has begun.</summary>
    public void Exclude(ILiveFlows others) => _others.TryRemove(others, out _);

    /// <summary>Follows a connection from its beginning to its end; part of Kestrel's way of each connection.</summary>
    public async Task FollowAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (connection.Features.Get<LoopClient>() is { } client)
        {
            // Kestrel begins it on a thread of the pool.
            await client.Loop.SwitchAsync();
        }

        var followed = new Followed(connection);
        _connections.TryAdd(followed, true);
        try
        {
            await next(connection);
        }
        finally
        {
            _connections.TryRemove(followed, out _);
        }
    }

    private sealed class Followed(ConnectionContext connection) : ILiveFlow
    {
        private volatile bool _isAsked;

        public FlowKind Kind => FlowKind.ClientConnection;

        public Destination? Destination => null;

        public bool IsAsked => _isAsked;

        public void AskToEnd()
        {
            _isAsked = true;
            connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        }

        public void Abort() => connection.Abort(new ConnectionAbortedException("The node was drained, and its deadline came."));
    }
}
