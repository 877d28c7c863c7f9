using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>A scheduler that keeps something of its destinations' counters by seats taken there.</summary>
internal interface IHoldsSeats
{
    /// <summary>Brings what is kept of this destination up to date, after it was picked and had no place.</summary>
    void Correct(Destination destination);

    /// <summary>Lets go of the destinations, when another scheduler has taken over.</summary>
    void LeaveSeats();
}
