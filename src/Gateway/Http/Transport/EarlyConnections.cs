using Gateway.EventLoop;

namespace Gateway.Http.Transport;

/// <summary>The connections of one entrance of which Kestrel does not know yet. Touched on the loop's thread only, but for
/// <see cref="Ended"/>.</summary>
internal sealed class EarlyConnections(Loop loop, IEarlyServer server, Func<ClientConnection, bool> give, Action<Exception> fault)
{
    private readonly HashSet<ClientConnection> _connections = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isEnding;

    /// <summary>Whether connections begin here.</summary>
    public bool IsOn => server.IsOn && !_isEnding;

    /// <summary>Ends when there is none any more, after <see cref="End"/>.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Serves a connection until it ends or is given to Kestrel.</summary>
    public async Task ServeAsync(ClientConnection connection)
    {
        _connections.Add(connection);
        var isKestrels = false;
        try
        {
            isKestrels = await server.ServeAsync(connection);
        }
        catch (Exception e)
        {
            fault(e);
            connection.Abort();
        }

        await loop.SwitchAsync();
        _connections.Remove(connection);
        if (!isKestrels)
        {
            connection.End();
        }
        else
        {
            connection.BecomeKestrels();
            if (!give(connection))
            {
                // Kestrel takes no more: it has stopped.
                connection.End();
            }
        }

        TellEnded();
    }

    /// <summary>Lets each end as soon as it has no request in progress.</summary>
    public void End()
    {
        _isEnding = true;
        foreach (var connection in _connections.ToArray())
        {
            connection.RequestClose();
        }

        TellEnded();
    }

    /// <summary>Resets those that are left.</summary>
    public void Abort()
    {
        foreach (var connection in _connections.ToArray())
        {
            connection.Abort();
        }
    }

    private void TellEnded()
    {
        if (_isEnding && _connections.Count == 0)
        {
            _ended.TrySetResult();
        }
    }
}
