using Gateway.Clusters;

namespace Gateway.Tests.Clusters;

/// <summary>What is said of one destination, told as plainly as can be: the reference for the property test.</summary>
internal sealed class StandingModel(int weight)
{
    public bool? ProbeIsUp { get; set; }

    public DateTimeOffset? EjectedUntil { get; set; }

    public AgentOrder? Agent { get; set; }

    public AdminOrder? Admin { get; set; }

    public DateTimeOffset? AdminUntil { get; set; }

    public int? PersonsWeight { get; set; }

    public DateTimeOffset? WeightUntil { get; set; }

    /// <summary>Takes back what has ended.</summary>
    public void Pass(DateTimeOffset now)
    {
        if (AdminUntil <= now)
        {
            (Admin, AdminUntil) = (null, null);
        }

        if (WeightUntil <= now)
        {
            (PersonsWeight, WeightUntil) = (null, null);
        }

        EjectedUntil = EjectedUntil <= now ? null : EjectedUntil;
    }

    /// <summary>What is not about the id but about the address is forgotten with it.</summary>
    public void Move() => (ProbeIsUp, EjectedUntil, Agent) = (null, null, null);

    public Availability Expected()
    {
        if (Admin == AdminOrder.Maintenance)
        {
            return Availability.Out;
        }

        var machinesTakeItOut = ProbeIsUp != true || EjectedUntil is not null
            || Agent is AgentOrder.Down or AgentOrder.Maintenance;
        if (machinesTakeItOut && Admin != AdminOrder.Up)
        {
            return Availability.Out;
        }

        var isDrained = Admin == AdminOrder.Drain
            || (PersonsWeight ?? weight) == 0
            || (Agent == AgentOrder.Drain && Admin != AdminOrder.Up);
        return isDrained ? Availability.Draining : Availability.InService;
    }
}
