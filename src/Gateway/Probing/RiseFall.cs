namespace Gateway.Probing;

/// <summary>
/// Turns findings into a stable up or down: the first one decides at once; after it only <c>fall</c> bad ones in a row
/// take a destination down, and only <c>rise</c> good ones in a row bring it back. Used by one loop; not thread-safe.
/// </summary>
/// <remarks>
/// The first finding is worth more than a later one because nothing stands against it: a destination nobody has looked
/// at is up or down by a setting, not by knowledge. nanny does the same, its counter starts at the threshold.
/// <example>rise 2, fall 3, findings <c>+ - - + - - - + - + +</c>: up up up up up up down down down down up.</example>
/// </remarks>
internal sealed class RiseFall(int rise, int fall, bool initiallyUp)
{
    private bool _decided;
    private bool _last;

    public bool IsUp { get; private set; } = initiallyUp;

    /// <summary>How many findings in a row were the same as the last one.</summary>
    public int InARow { get; private set; }

    /// <summary>Takes one finding and returns whether it made a verdict: the first one, or another than before.</summary>
    public bool Observe(bool good)
    {
        InARow = good == _last ? InARow + 1 : 1;
        _last = good;
        if (_decided && (good == IsUp || InARow < (IsUp ? fall : rise)))
        {
            return false;
        }

        _decided = true;
        IsUp = good;
        return true;
    }
}
