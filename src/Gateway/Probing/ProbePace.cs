using Gateway.Clusters;

namespace Gateway.Probing;

/// <summary>When to probe next: the interval, blurred so that probes of many destinations, and of several nodes, do not
/// fall into step.</summary>
internal static class ProbePace
{
    // A thousand destinations at once are a thousand probes a second, not all in one instant; three are there at once.
    private static readonly TimeSpan _forEachInitial = TimeSpan.FromMilliseconds(1);

    private const double Jitter = 0.1;

    // Probes that wake together cost one timer and mostly one thread: a thousand a second cost a third less so.
    private static readonly TimeSpan _grid = TimeSpan.FromMilliseconds(25);

    /// <summary>How long to wait before the first probe of one of <paramref name="count"/> destinations that appeared
    /// together; <paramref name="draw"/> is from [0, 1). Never nothing, never more than the interval.</summary>
    public static TimeSpan First(int count, TimeSpan interval, double draw)
    {
        var spread = _forEachInitial * count;
        return ((spread < interval ? spread : interval) * draw) + TimeSpan.FromMilliseconds(1);
    }

    /// <summary>The interval that holds after what was found: another one while the verdict is in doubt, and while it is
    /// down.</summary>
    public static TimeSpan Interval(ProbeOptions options, RiseFall found) =>
        (found.IsInDoubt ? options.FastInterval
        : found is { IsDecided: true, IsUp: false } ? options.DownInterval
        : null) ?? options.Interval;

    /// <summary>The wait a little shortened, so that it ends when other probes begin too.</summary>
    /// <param name="wait">How long to wait.</param>
    /// <param name="now">A time since whichever moment, the same for all.</param>
    public static TimeSpan OnGrid(TimeSpan wait, TimeSpan now)
    {
        var late = TimeSpan.FromTicks((now + wait).Ticks % _grid.Ticks);
        return wait > _grid * 10 ? wait - late : wait;
    }

    /// <summary>How long to wait after a probe that took <paramref name="taken"/>, so that the starts of two probes are
    /// the interval apart, give or take a tenth; nothing when that time has passed.</summary>
    public static TimeSpan Next(TimeSpan interval, TimeSpan taken, double draw)
    {
        var wait = (interval * (1 - Jitter + (2 * Jitter * draw))) - taken;
        return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }
}
