namespace Gateway.Management.Events;

/// <summary>The latest events, and a way to wait for the next. May be used from any thread.</summary>
internal sealed class EventLog(TimeProvider time)
{
    /// <summary>So many are kept, which is less than a megabyte.</summary>
    public const int Capacity = 2000;

    private readonly Lock _gate = new();
    private readonly Queue<GatewayEvent> _events = new();
    private long _lastId;

    /// <summary>The number of the latest event; 0 before the first.</summary>
    public long LastId => Volatile.Read(ref _lastId);

    public GatewayEvent Add(
        string kind, string text, string? cluster = null, string? destination = null, string? who = null, string? from = null)
    {
        lock (_gate)
        {
            var added = new GatewayEvent(++_lastId, time.GetUtcNow(), kind, text, cluster, destination, who, from);
            _events.Enqueue(added);
            if (_events.Count > Capacity)
            {
                _events.Dequeue();
            }

            return added;
        }
    }

    /// <summary>The events after this one, the earliest first.</summary>
    public IReadOnlyList<GatewayEvent> After(long id)
    {
        lock (_gate)
        {
            return id >= _lastId ? [] : [.. _events.Where(e => e.Id > id)];
        }
    }
}
