namespace Gateway.Clusters;

/// <summary>What a destination may be given, as the five words together have it.</summary>
internal enum Availability
{
    /// <summary>Flows of anybody.</summary>
    InService,

    /// <summary>Flows of clients that persistence remembers there.</summary>
    Draining,

    /// <summary>Nothing.</summary>
    Out,
}

/// <summary>Who has a say on a destination.</summary>
internal enum StandingWord
{
    Configured,
    Probe,
    Passive,
    Agent,
    Admin,
}

/// <summary>The one result of the five words on a destination.</summary>
/// <param name="Availability">What it may be given.</param>
/// <param name="DecidedBy">The word that made it so; the weightiest of several.</param>
/// <param name="Reason">Every word that counts, weightiest first, such as
/// <c>maintenance by anna: kernel; probe down: TimedOut</c>; empty when nothing is said against it.</param>
/// <param name="Weight">Its weight while in service, a fraction when an agent asks for part of it; else 0.</param>
/// <param name="WelcomesKnown">Whether persistence may lead its known clients there.</param>
internal readonly record struct Judgement(
    Availability Availability, StandingWord DecidedBy, string Reason, double Weight, bool WelcomesKnown);
