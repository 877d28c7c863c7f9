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

    public IReadOnlyCollection<ILiveFlow> Snapshot() => [.. _connections.Select(entry => entry.Key)];

    /// <summary>Follows a connection from its beginning to its end; part of Kestrel's way of each connection.</summary>
    public async Task FollowAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (connection.Features.Get<LoopClient>() is { } client)
        {
            // Kestrel begins it on a thread of the pool.
            await client.Loop.SwitchAsync();
        }

        var followed = Follow(connection);
        try
        {
            await next(connection);
        }
        finally
        {
            Forget(followed);
        }
    }

    /// <summary>Follows a connection until <see cref="Forget"/>.</summary>
    public ILiveFlow Follow(ConnectionContext connection)
    {
        var followed = new Followed(connection);
        _connections.TryAdd(followed, true);
        return followed;
    }

    /// <summary>Ends what <see cref="Follow"/> has begun.</summary>
    public void Forget(ILiveFlow followed) => _connections.TryRemove((Followed)followed, out _);

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
