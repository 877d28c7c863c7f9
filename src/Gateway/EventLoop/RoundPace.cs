namespace Gateway.EventLoop;

/// <summary>How often to ask a socket in one round of its loop, where it is watched level-triggered and asking in vain costs nearly as
/// much as asking with success: as often as there was something the last time, and more only while the kernel tells as soon as it can
/// that this was not enough.</summary>
internal struct RoundPace
{
    private long _round;
    private int _most;

    /// <summary>How often to ask in this round.</summary>
    public readonly int Most => Math.Max(_most, 1);

    /// <summary>Notes how often there was something.</summary>
    /// <param name="count">0 to <see cref="Most"/>.</param>
    /// <param name="round">The round of the loop.</param>
    /// <param name="lastWhole">The last round before it in which the kernel told of all that was ready: only in those is silence an
    /// answer.</param>
    /// <param name="limit">What is never exceeded, for the sake of others.</param>
    public void Took(int count, long round, long lastWhole, int limit)
    {
        var isBehind = count == Most && _round > 0 && lastWhole <= _round;
        _most = isBehind ? Math.Min(2 * Most, limit) : count;
        _round = round;
    }
}
