namespace Gateway.Scheduling;

/// <summary>A scheduler that took seats on its destinations' counters and must leave them when it is replaced.</summary>
internal interface IHoldsSeats
{
    void LeaveSeats();
}
