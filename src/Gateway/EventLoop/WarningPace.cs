namespace Gateway.EventLoop;

/// <summary>Lets a warning about something that lasts be given once a minute. Not thread-safe.</summary>
internal sealed class WarningPace(TimeProvider time)
{
    private static readonly TimeSpan _between = TimeSpan.FromMinutes(1);

    private long? _given;

    /// <summary>Whether it is time for one, which is then taken for given.</summary>
    public bool TryTake()
    {
        if (_given is { } given && time.GetElapsedTime(given) < _between)
        {
            return false;
        }

        _given = time.GetTimestamp();
        return true;
    }
}
