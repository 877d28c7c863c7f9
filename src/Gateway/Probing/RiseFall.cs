namespace Gateway.Probing;

/// <summary>
/// Turns findings into a stable up or down: the first one decides at once; after it only <c>fall</c> bad ones in a row
/// take a destination down, and only <c>rise</c> good ones in a row bring it back. Written by one loop.
/// </summary>
/// <remarks>
/// The first finding is worth more than a later one because nothing stands against it: a destination nobody has looked
/// at is up or down by a setting, not by knowledge. nanny does the same, its counter starts at the threshold.
/// <example>rise 2, fall 3, findings <c>+ - - + - - - + - + +</c>: up up up up up up down down down down up.</example>
/// </remarks>
internal sealed class RiseFall(int rise, int fall, bool initiallyUp)
{
    private bool _last;

    /// <summary>Whether there was a finding.</summary>
    public bool IsDecided { get; private set; }

    /// <summary>Whether the last finding speaks against the verdict and does not decide yet.</summary>
    public bool IsInDoubt => IsDecided && _last != IsUp;

    public bool IsUp { get; private set; } = initiallyUp;

    /// <summary>How many findings in a row were the same as the last one.</summary>
    public int InARow { get; private set; }

    /// <summary>Takes one finding and returns whether it made a verdict: the first one, or another than before.</summary>
    public bool Observe(bool good)
    {
        InARow = good == _last ? InARow + 1 : 1;
        _last = good;
        if (IsDecided && (good == IsUp || InARow < (IsUp ? fall : rise)))
        {
            return false;
        }

        IsDecided = true;
        IsUp = good;
        return true;
    }
}
