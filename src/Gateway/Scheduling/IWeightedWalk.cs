using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>The walk of <c>wrr</c> over one list of destinations: whose turn is next. Called from many threads.</summary>
internal interface IWeightedWalk
{
    /// <summary>Who had the last turn, and at which level.</summary>
    WeightedPosition Position { get; }

    /// <summary>Walks on to the next that is ready; null when nobody is.</summary>
    Destination? Pick(Exclusions? exclusions);

    /// <summary>What <see cref="Pick"/> would answer now, without walking.</summary>
    Destination? Peek(Exclusions? exclusions);
}

/// <summary>A place in the walk of <c>wrr</c>.</summary>
/// <param name="Index">The destination that had the last turn, in list order, or <see cref="Head"/>.</param>
/// <param name="Level">Those of this weight or more have their turns now.</param>
internal readonly record struct WeightedPosition(int Index, int Level)
{
    /// <summary>Before the first of the list.</summary>
    public const int Head = -1;

    public bool IsHead => Index == Head;
}
