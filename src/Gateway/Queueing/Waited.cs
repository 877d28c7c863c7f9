using Gateway.Clusters;

namespace Gateway.Queueing;

/// <summary>What came of waiting for a place.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Destination">The destination, with one flow reserved on it; null when nobody was given one.</param>
internal readonly record struct Waited(WaitEnd End, Destination? Destination = null);
