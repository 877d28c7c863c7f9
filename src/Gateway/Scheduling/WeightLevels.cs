using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>The levels of a walk of <c>wrr</c>: the first is <paramref name="Top"/>, each following one lower by
/// <paramref name="Step"/>, the last one lets everybody in.</summary>
/// <param name="Top">The highest level; 0 when nobody has a weight.</param>
/// <param name="Step">The greatest common divisor of all weights.</param>
/// <param name="Turns">How many turns a whole cycle has.</param>
internal readonly record struct WeightLevels(int Top, int Step, long Turns)
{
    public int Count => Step == 0 ? 0 : ((Top - 1) / Step) + 1;

    public static WeightLevels Of(IReadOnlyList<Destination> destinations)
    {
        var (step, highest, sum) = (0, 0, 0L);
        foreach (var destination in destinations)
        {
            step = GreatestCommonDivisor(step, destination.EffectiveWeight);
            highest = Math.Max(highest, destination.EffectiveWeight);
            sum += destination.EffectiveWeight;
        }

        return step == 0 ? default : new WeightLevels(highest - (step - 1), step, sum / step);
    }

    /// <summary>The level at which a walk goes on that stood at <paramref name="level"/> when the weights were others; 0 is a
    /// walk that has not begun.</summary>
    public int Continue(int level) =>
        level > Top || level == 0 ? Top : Step > 1 ? (level / Step * Step) + 1 : level;

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
}
