using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>YARP's <c>LeastRequests</c>: the destination with the fewest flows in progress, the first of equals.</summary>
/// <remarks>Weights count only as zero or not. Neighbour: <see cref="LeastConnection"/> also sees inactive flows.</remarks>
internal readonly struct LeastRequests : ICost
{
    public static string Name => "LeastRequests";

    public static double Of(Load load, int weight) => load.Active;
}
