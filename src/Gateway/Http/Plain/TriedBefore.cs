using Gateway.Scheduling;

namespace Gateway.Http.Plain;

/// <summary>What the plain lane has tried for a request that it hands on.</summary>
/// <param name="Exclusions">Where the request is not to be tried again.</param>
/// <param name="Attempts">How many destinations were tried.</param>
/// <param name="Started">Timestamp at which Gateway began to work on it.</param>
/// <param name="Stage">How far the last try had come.</param>
internal sealed record TriedBefore(Exclusions Exclusions, int Attempts, long Started, ForwardingStage Stage);
