namespace Gateway.Draining;

/// <summary>What a drain does when. All of it is a function of the time, so a drain goes on after a restart as if nothing
/// had been.</summary>
/// <remarks>
/// The time between <see cref="From"/>, when known clients are no longer welcome, and the deadline is divided: over the first
/// three quarters WebSockets and clients' connections are told to close, evenly, so that those who connect again do
/// not all come at once; then relayed connections are half-closed; at the deadline the rest is cut off. Without a
/// deadline nothing is told to close, and the drain takes as long as the flows do.
/// </remarks>
internal readonly record struct DrainPlan(DateTimeOffset From, DateTimeOffset? Deadline, bool IsShutdown)
{
    /// <summary>Nobody should wait long for a process that was told to end.</summary>
    private static readonly TimeSpan _longestSpreadAtShutdown = TimeSpan.FromSeconds(3);

    private TimeSpan ThreeQuarters => (Deadline!.Value - From) * 0.75;

    public static DrainPlan Of(DrainJob job) => new(
        job.StickyUntil is { } sticky && sticky > job.Started ? sticky : job.Started, job.Deadline, job.IsShutdown);

    /// <summary>How many of the flows that can be told to close should have been told, 0 to 1.</summary>
    public double ShareToClose(DateTimeOffset now)
    {
        if (Deadline is null || now < From)
        {
            return 0;
        }

        var spread = IsShutdown && ThreeQuarters > _longestSpreadAtShutdown ? _longestSpreadAtShutdown : ThreeQuarters;
        return spread <= TimeSpan.Zero ? 1 : Math.Min((now - From) / spread, 1);
    }

    /// <summary>Whether relayed connections are to be half-closed.</summary>
    public bool HalfCloses(DateTimeOffset now) => Deadline is not null && now >= From + ThreeQuarters;

    /// <summary>Whether what is left is to be cut off.</summary>
    public bool IsOver(DateTimeOffset now) => Deadline <= now;
}
