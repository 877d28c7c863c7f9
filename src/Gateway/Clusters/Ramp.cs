namespace Gateway.Clusters;

/// <summary>The slow start of one destination: the part of its full share it may have, growing with time.</summary>
/// <param name="Start">When it began.</param>
/// <param name="From">The part it began with, 0 to 1: more than 0 when a weight was raised.</param>
/// <param name="Duration">Time from nothing to the full share.</param>
internal readonly record struct Ramp(DateTimeOffset Start, double From, TimeSpan Duration)
{
    /// <summary>The least part: a destination that gets nothing never becomes warm.</summary>
    public const double Least = 0.05;

    /// <summary>The part of the full share at this time, <see cref="Least"/> to 1.</summary>
    public double At(DateTimeOffset now) => Math.Clamp(From + ((now - Start) / Duration), Least, 1);

    /// <summary>
    /// The ramp after a change. A destination that comes into service begins at nothing, one whose weight is raised at the
    /// part it had; one whose weight stays or falls goes on as it was, at the same flow.
    /// </summary>
    /// <param name="before">The ramp before; null is none.</param>
    /// <param name="weightBefore">The weight before, 0 when it was not in service.</param>
    /// <param name="weight">The weight now, 0 when it is not in service.</param>
    /// <param name="duration">The configured duration; zero is no slow start.</param>
    /// <param name="now">The time of the change.</param>
    public static Ramp? Next(Ramp? before, double weightBefore, double weight, TimeSpan duration, DateTimeOffset now)
    {
        if (duration <= TimeSpan.Zero || weight == 0)
        {
            return null;
        }

        var part = before?.At(now) ?? 1;
        if (weight == weightBefore && (before is null || before.Value.Duration == duration))
        {
            return part < 1 ? before : null;
        }

        var from = weightBefore * part / weight;
        return from < 1 ? new Ramp(now, from, duration) : null;
    }
}
