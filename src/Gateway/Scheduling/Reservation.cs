using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Makes a choice count before anybody else makes the same.</summary>
internal static class Reservation
{
    /// <summary>Takes a place for the flow; false when there is none.</summary>
    public static bool Try(Destination destination, in Flow flow, bool overThreshold) => flow.IsDatagrams
        ? destination.State.TryBindInactive(overThreshold)
        : destination.State.TryBind(overThreshold);
}
