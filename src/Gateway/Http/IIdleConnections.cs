using Gateway.Clusters;

namespace Gateway.Http;

/// <summary>Connections to destinations that are kept for the next request.</summary>
internal interface IIdleConnections
{
    /// <summary>Closes those to these destinations; what is in use is left alone, or is none of theirs. False when there may be
    /// others later: those of destinations that are gone from the configuration, but not idle yet.</summary>
    bool CloseIdle(IReadOnlySet<DestinationState> destinations);
}
