namespace Gateway.Clusters;

/// <summary>The counters of one destination at one moment, and what the limits say of them, in one word: 30 bits each for
/// inactive and active, one for overloaded, one for full.</summary>
internal readonly record struct Load(long Word)
{
    public const long OneInactive = 1;
    public const long OneActive = 1L << 30;
    public const long OverloadedBit = 1L << 60;
    public const long FullBit = 1L << 61;
    private const long CountMask = (1L << 30) - 1;

    /// <summary>Flows in progress: requests, or established connections.</summary>
    public int Active => (int)((Word >> 30) & CountMask);

    /// <summary>Connections that are closing, and UDP clients.</summary>
    public int Inactive => (int)(Word & CountMask);

    public long Total => (long)Active + Inactive;

    /// <summary>Whether the upper threshold was reached and the lower one not yet passed again.</summary>
    public bool IsOverloaded => (Word & OverloadedBit) != 0;

    /// <summary>Whether no further flow may be scheduled: overloaded, or at the limit of connections.</summary>
    public bool IsFull => (Word & FullBit) != 0;

    /// <summary>What lc, wlc, lblc, lblcr and twos compare: an established connection weighs 257 times a closing one.</summary>
    /// <remarks>include/net/ip_vs.h, as of Linux 6.1.183 and 6.12.104; older kernels left the active out of the second
    /// term, which differs only near a tie.</remarks>
    public long Overhead => ((long)Active * 256) + Total;
}
