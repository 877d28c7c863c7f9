using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>The same cost for everybody: for schedulers that ask a <see cref="Board{TCost}"/> only who is ready.</summary>
internal readonly struct Anyone : ICost
{
    public static string Name => "any";

    public static double Of(Load load, int weight) => 0;
}
