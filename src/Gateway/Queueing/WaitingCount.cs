namespace Gateway.Queueing;

/// <summary>How many wait in all queues together: one look tells those that end a flow whether anybody cares. All members may
/// be called from any thread.</summary>
internal sealed class WaitingCount
{
    private int _value;

    public bool IsZero => Volatile.Read(ref _value) == 0;

    public void Add(int count) => Interlocked.Add(ref _value, count);
}
