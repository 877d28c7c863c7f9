namespace Gateway.Management.Events;

/// <summary>Something that happened, for the history.</summary>
/// <param name="Id">Rises by one with each event of this process.</param>
/// <param name="Time">When.</param>
/// <param name="Kind"><c>standing</c>, <c>action</c>, <c>configuration</c> or <c>access</c>.</param>
/// <param name="Text">What, in a sentence.</param>
/// <param name="Cluster">The cluster it is about; null when it is about none.</param>
/// <param name="Destination">The destination it is about; null when it is about none.</param>
/// <param name="Who">Who did it; null when no person did.</param>
/// <param name="From">The address of who did it.</param>
internal sealed record GatewayEvent(
    long Id, DateTimeOffset Time, string Kind, string Text,
    string? Cluster = null, string? Destination = null, string? Who = null, string? From = null);
