using System.Collections.Concurrent;

namespace Gateway.Relay;

/// <summary>All relayed connections in progress, whichever engine moves them. All members may be called from any
/// thread.</summary>
internal sealed partial class ConnectionTable(TimeProvider time, ILogger logger)
{
    private readonly ILogger _logger = logger;
    private readonly ConcurrentDictionary<long, RelayConnection> _connections = new();
    private TaskCompletionSource? _empty;
    private long _lastId;

    /// <summary>Called with the record of every connection that ended, on the thread that ended it: it must be
    /// quick. One that throws is logged, and neither the connection nor the others notice.</summary>
    public event Action<ConnectionRecord>? Ended;

    public TimeProvider Time { get; } = time;

    /// <summary>The addresses of destinations that have names.</summary>
    public NameCache Names { get; init; } = new(time);

    /// <summary>How many more UDP clients there may be.</summary>
    public SessionBudget Sessions { get; init; } = SessionBudget.OfProcess();

    public int Count => _connections.Count;

    /// <summary>The connections in progress; those that come or go meanwhile may or may not be among them.</summary>
    public IEnumerable<RelayConnection> All => _connections.Select(entry => entry.Value);

    public RelayConnection? Find(long id) => _connections.GetValueOrDefault(id);

    public long NextId() => Interlocked.Increment(ref _lastId);

    public void Add(RelayConnection connection) => _connections[connection.Id] = connection;

    public void Remove(RelayConnection connection, in ConnectionRecord record)
    {
        _connections.TryRemove(connection.Id, out _);
        foreach (var observer in Delegate.EnumerateInvocationList(Ended))
        {
            Tell(observer, record);
        }

        if (Volatile.Read(ref _empty) is { } empty && _connections.IsEmpty)
        {
            empty.TrySetResult();
        }
    }

    /// <summary>Logs an error that ended a connection and should not have happened.</summary>
    public void Report(Exception exception, long id) => LogFault(exception, id);

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

    private void Tell(Action<ConnectionRecord> observer, in ConnectionRecord record)
    {
        try
        {
            observer(record);
        }
        catch (Exception e)
        {
            LogObserverFault(e, record.Id);
        }
    }

    [LoggerMessage(LogLevel.Error, "Relayed connection {Id} is closed for an error of Gateway's own")]
    private partial void LogFault(Exception exception, long id);

    [LoggerMessage(LogLevel.Error, "The end of relayed connection {Id} could not be passed on")]
    private partial void LogObserverFault(Exception exception, long id);
}
