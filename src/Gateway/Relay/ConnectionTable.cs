using System.Collections.Concurrent;

namespace Gateway.Relay;

/// <summary>All relayed connections in progress, whichever engine moves them. All members may be called from any
/// thread.</summary>
internal sealed class ConnectionTable(TimeProvider time)
{
    private readonly ConcurrentDictionary<long, RelayConnection> _connections = new();
    private TaskCompletionSource? _empty;
    private long _lastId;

    /// <summary>Called with the record of every connection that ended, on the thread that ended it: it must be quick
    /// and must not throw.</summary>
    public event Action<ConnectionRecord>? Ended;

    public TimeProvider Time { get; } = time;

    public int Count => _connections.Count;

    /// <summary>The connections in progress; those that come or go meanwhile may or may not be among them.</summary>
    public IEnumerable<RelayConnection> All => _connections.Select(entry => entry.Value);

    public RelayConnection? Find(long id) => _connections.GetValueOrDefault(id);

    public long NextId() => Interlocked.Increment(ref _lastId);

    public void Add(RelayConnection connection) => _connections[connection.Id] = connection;

    public void Remove(RelayConnection connection, in ConnectionRecord record)
    {
        _connections.TryRemove(connection.Id, out _);
        Ended?.Invoke(record);
        if (Volatile.Read(ref _empty) is { } empty && _connections.IsEmpty)
        {
            empty.TrySetResult();
        }
    }

    /// <summary>Closes the connections whose time is over.</summary>
    public void CloseOverdue()
    {
        var now = Time.GetTimestamp();
        foreach (var (_, connection) in _connections)
        {
            connection.CloseIfOverdue(now);
        }
    }

    public void CloseAll(ConnectionEnd end)
    {
        foreach (var (_, connection) in _connections)
        {
            connection.Close(end);
        }
    }

    /// <summary>Ends when no connection is left. To be called once no new one can come.</summary>
    public Task WhenEmptyAsync()
    {
        var empty = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _empty, empty);
        if (_connections.IsEmpty)
        {
            empty.TrySetResult();
        }

        return empty.Task;
    }
}
