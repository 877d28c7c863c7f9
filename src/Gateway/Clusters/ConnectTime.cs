namespace Gateway.Clusters;

/// <summary>How the addresses of one name share the time to connect.</summary>
internal static class ConnectTime
{
    /// <summary>The time that the next address may take: an even part of what is left, so that one that does not answer leaves some to the
    /// others; zero when none is left.</summary>
    /// <param name="limit">The time to connect.</param>
    /// <param name="elapsed">How much of it is gone.</param>
    /// <param name="addresses">How many have not been tried, at least 1.</param>
    public static TimeSpan Part(TimeSpan limit, TimeSpan elapsed, int addresses) =>
        limit > elapsed ? (limit - elapsed) / addresses : TimeSpan.Zero;
}
