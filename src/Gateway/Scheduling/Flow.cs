using System.Net;

namespace Gateway.Scheduling;

/// <summary>What a scheduler may know of a new flow: a request, a connection or a UDP client.</summary>
/// <param name="Client">The client's address; null when there is none (a connection over a Unix socket).</param>
/// <param name="ClientPort">The client's port.</param>
/// <param name="Local">The address the client reached.</param>
/// <param name="LocalPort">The port the client reached.</param>
/// <param name="Key">The key the cluster's scheduler asked for; default when it asked for none.</param>
/// <param name="PersistenceKey">The key the cluster's persistence asked for; default when it asked for none.</param>
/// <param name="IsDatagrams">Whether this is a UDP client, which counts as inactive all its life, as in IPVS; it is
/// ended by <see cref="Clusters.DestinationState.UnbindInactive"/>.</param>
internal readonly record struct Flow(
    IPAddress? Client,
    int ClientPort,
    IPAddress? Local,
    int LocalPort,
    FlowKey Key = default,
    FlowKey PersistenceKey = default,
    bool IsDatagrams = false);
