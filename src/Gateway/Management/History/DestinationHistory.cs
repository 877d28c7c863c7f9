using Gateway.Clusters;

namespace Gateway.Management.History;

/// <summary>One step of a destination's history.</summary>
/// <param name="Time">Seconds since 1970 at its end.</param>
/// <param name="Rate">New flows a second.</param>
/// <param name="Active">Flows in progress at its end.</param>
/// <param name="Errors">Failures in it.</param>
/// <param name="Latency">Mean milliseconds of the flows that ended in it; null when none did.</param>
internal readonly record struct HistoryPoint(long Time, double Rate, int Active, int Errors, double? Latency);

/// <summary>A ring of the steps of one destination. Not thread-safe, but for the latest values.</summary>
internal sealed class DestinationHistory
{
    private static readonly FailureReason[] _reasons =
        [.. Enum.GetValues<FailureReason>().Where(reason => reason != FailureReason.ClientAborted)];

    private readonly Queue<Point> _points = new(4);
    private Reading _last;
    private Reading _lastPoint;
    private double _rate;
    private double _latency = double.NaN;

    // 16 bytes: the largest installation has more than half a million of them.
    private readonly record struct Point(uint Time, float Rate, float Latency, ushort Errors, ushort Active);

    private readonly record struct Reading(
        DateTimeOffset At, long Flows, long Errors, long Ended, TimeSpan Duration);

    public double Rate => Volatile.Read(ref _rate);

    public double? LatencyMilliseconds => Volatile.Read(ref _latency) is var latency && double.IsNaN(latency) ? null : latency;

    public void Sample(DestinationState state, DateTimeOffset now, bool isPoint, int capacity)
    {
        var reading = new Reading(now, state.Flows, _reasons.Sum(state.Failures), state.Ended, state.EndedDuration);
        if (_last.At != default)
        {
            Volatile.Write(ref _rate, RateBetween(_last, reading));
            Volatile.Write(ref _latency, LatencyBetween(_last, reading));
        }

        _last = reading;
        if (!isPoint)
        {
            return;
        }

        if (_lastPoint.At != default)
        {
            while (_points.Count >= capacity)
            {
                _points.Dequeue();
            }

            _points.Enqueue(new Point(
                (uint)now.ToUnixTimeSeconds(),
                (float)RateBetween(_lastPoint, reading),
                (float)LatencyBetween(_lastPoint, reading),
                (ushort)Math.Min(reading.Errors - _lastPoint.Errors, ushort.MaxValue),
                (ushort)Math.Min(state.Load.Total, ushort.MaxValue)));
        }

        _lastPoint = reading;
    }

    public IReadOnlyList<HistoryPoint> Points() => [.. _points.Select(point => new HistoryPoint(
        point.Time, Math.Round(point.Rate, 2), point.Active, point.Errors,
        float.IsNaN(point.Latency) ? null : Math.Round(point.Latency, 2)))];

    private static double RateBetween(Reading a, Reading b) =>
        b.At > a.At ? (b.Flows - a.Flows) / (b.At - a.At).TotalSeconds : 0;

    private static double LatencyBetween(Reading a, Reading b) =>
        b.Ended > a.Ended ? (b.Duration - a.Duration).TotalMilliseconds / (b.Ended - a.Ended) : double.NaN;
}
