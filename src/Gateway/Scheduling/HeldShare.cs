using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>One destination whose share is held below its full share, and the account of it.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="FullShare">Its share of all flows by its weight, 0 to 1.</param>
/// <param name="Fraction">The part of its rounded weight that it should have, compared with the others, 0 to 1.</param>
/// <param name="Account">What is owed to it, kept from scheduler to scheduler.</param>
internal sealed record HeldShare(Destination Destination, double FullShare, double Fraction, HeldShare.Ledger Account)
{
    /// <summary>The part of its full share it may have now.</summary>
    public double Part { get; set; } = 1;

    /// <summary>Whether the scheduler by itself would give it too much.</summary>
    public bool IsHeld => Part < 1 || Fraction < 1;

    /// <summary>Timestamp of its last flow, of when it began to be held, or of when it was last found not to need one.</summary>
    public long LastFlow { get; set; }

    /// <summary>What is owed to one destination; guarded by the limiter's lock.</summary>
    internal sealed class Ledger
    {
        /// <summary>Flows it may be given; less than one is not yet.</summary>
        public double Credit { get; set; }

        /// <summary>The flow of the cluster up to which the credit was reckoned.</summary>
        public long Reckoned { get; set; }
    }
}
