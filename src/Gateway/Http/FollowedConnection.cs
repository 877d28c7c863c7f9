using Gateway.Clusters;
using Gateway.Http.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Http;

/// <summary>A client's connection from its beginning to its end.</summary>
/// <param name="connection">The connection.</param>
/// <param name="slowest">How slowly the client may take what is left to send when it was served; null is as slowly as it likes.</param>
internal sealed class FollowedConnection(ConnectionContext connection, MinDataRate? slowest) : ILiveFlow
{
    private readonly TaskCompletionSource _isKestrels = new();
    private TaskCompletionSource? _ended;
    private Heartbeat? _heartbeat;
    private volatile bool _isAsked;

    public FlowKind Kind => FlowKind.ClientConnection;

    public Destination? Destination => null;

    public bool IsAsked => _isAsked;

    /// <summary>Whether Kestrel has let go of it.</summary>
    public bool IsLeft => connection is ClientConnection { IsLeft: true };

    /// <summary>Ends when Kestrel need not know of it any more: it was served, or its listener is gone.</summary>
    public Task IsKestrels => _isKestrels.Task;

    /// <summary>Ends with one that was left; null before it is.</summary>
    public Task? Ended => _ended?.Task;

    /// <summary>Whether it came to this listener.</summary>
    public bool IsOf(ClientListener listener) => connection is ClientConnection own && own.Listener == listener;

    /// <summary>Serves it to its end.</summary>
    /// <exception cref="Exception">It failed, and Kestrel, which would be told by <see cref="IsKestrels"/>, has let go of it.</exception>
    public async Task ServeAsync(ConnectionDelegate next)
    {
        if (connection.Features.Get<IConnectionHeartbeatFeature>() is { } kestrels)
        {
            connection.Features.Set<IConnectionHeartbeatFeature>(_heartbeat = new Heartbeat(kestrels));
        }

        try
        {
            await next(connection);
        }
        catch (Exception e) when (_isKestrels.TrySetException(e))
        {
            // Kestrel tells of it.
        }
        finally
        {
            if (connection is ClientConnection own)
            {
                // Kestrel takes what it has written for sent, and looks no more at how fast the client takes it.
                own.Client.SlowestRate = slowest;
                if (own.TellServed())
                {
                    await own.EndAsync();
                }
            }
        }
    }

    /// <summary>It was served; Kestrel closes it, if it is still Kestrel's.</summary>
    public void Served()
    {
        _isKestrels.TrySetResult();
        _ended?.TrySetResult();
    }

    /// <summary>Has Kestrel let go of it, unless it has, or was served meanwhile. It ends as soon as it has no request in progress, or gets
    /// GOAWAY (HTTP/2).</summary>
    public void Leave()
    {
        Interlocked.CompareExchange(ref _ended, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), null);
        if (((ClientConnection)connection).TryLeave())
        {
            AskToEnd();
            _isKestrels.TrySetResult();
        }
    }

    /// <summary>Looks at the timeouts of one that was left.</summary>
    public void Beat() => _heartbeat?.Beat();

    public void AskToEnd()
    {
        _isAsked = true;
        connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
    }

    public void Abort() => connection.Abort(new ConnectionAbortedException("The node was drained, and its deadline came."));
}
