using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>What a scheduler that compares all destinations compares: the lowest wins, the first of equals.</summary>
internal interface ICost
{
    /// <summary>The name of the scheduler.</summary>
    static abstract string Name { get; }

    /// <summary>
    /// The cost of giving the next flow to a destination with this load and weight; asked only when the weight is above 0
    /// and the destination is not full. Positive infinity rules it out. Never NaN or negative zero.
    /// </summary>
    static abstract double Of(Load load, int weight);
}
