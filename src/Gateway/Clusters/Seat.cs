namespace Gateway.Clusters;

/// <summary>A place where a scheduler keeps what it compares of one destination, so that a pick need not visit every
/// <see cref="DestinationState"/>.</summary>
internal abstract class Seat
{
    /// <summary>Writes the value that belongs to this load. May be called from any thread, and more than once.</summary>
    public abstract void Write(Load load);
}
