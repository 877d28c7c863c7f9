using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Decides which destination takes a new flow.</summary>
/// <remarks>
/// A scheduler is built for one fixed list of destinations, and a new one is built when a weight, a standing or the list
/// changes. It reads counters, but reserves nothing: <see cref="ClusterScheduler"/> does. Called from many threads.
/// </remarks>
internal interface IScheduler
{
    /// <summary>Whether <see cref="Pick"/> may answer with a destination above its upper threshold, because it was
    /// remembered there.</summary>
    bool IgnoresThreshold => false;

    /// <summary>
    /// The destination for <paramref name="flow"/>, or null when none may take it. Never one that is down, has weight 0,
    /// is full, or is in <paramref name="exclusions"/> (null excludes none).
    /// </summary>
    Destination? Pick(in Flow flow, Exclusions? exclusions);

    /// <summary>What <see cref="Pick"/> would answer now and why, without any effect on later picks.</summary>
    Explanation Explain(in Flow flow, Exclusions? exclusions);
}
