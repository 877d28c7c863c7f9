using Gateway.Clusters;

namespace Gateway.Http;

/// <summary>Connections to destinations that are kept for the next request.</summary>
internal interface IIdleConnections
{
    /// <summary>Closes those to these destinations; what is in use is left alone, or is none of theirs.</summary>
    void CloseIdle(IReadOnlySet<DestinationState> destinations);
}
