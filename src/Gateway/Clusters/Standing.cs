using System.Globalization;

namespace Gateway.Clusters;

/// <summary>What the probe says of a destination.</summary>
internal enum ProbeVerdict
{
    /// <summary>No probe is configured, so nothing speaks against the destination.</summary>
    None,

    /// <summary>A probe is configured and none has ended yet.</summary>
    Pending,

    Up,

    Down,
}

/// <summary>The words on a destination, each kept apart with its reason; the fifth, the configured weight, is in its
/// options. <see cref="Judge"/> makes one result of them.</summary>
/// <param name="Probe">The probe's verdict.</param>
/// <param name="ProbeReason">Why, in the words of the closed list of probe outcomes; empty when nothing was probed.</param>
/// <param name="Since">When the verdict became this.</param>
internal sealed record Standing(ProbeVerdict Probe, string ProbeReason, DateTimeOffset Since)
{
    /// <summary>That of a destination nobody says anything about.</summary>
    public static Standing Unprobed { get; } = new(ProbeVerdict.None, "", DateTimeOffset.UnixEpoch);

    /// <summary>What real traffic says against it; null is nothing.</summary>
    public PassiveWord? Passive { get; init; }

    /// <summary>The latest ejection, kept when it has ended: one that follows soon lasts longer. Null when there was none.
    /// </summary>
    public PassiveWord? LastEjection { get; init; }

    /// <summary>What its agent asks for; null when it has none, or that has not spoken.</summary>
    public AgentWord? Agent { get; init; }

    /// <summary>What a person ordered; null is nothing.</summary>
    public AdminWord? Admin { get; init; }

    /// <summary>The weight a person set; null is none.</summary>
    public WeightWord? PersonsWeight { get; init; }

    /// <summary>The next moment at which a word ends by itself; null when none does.</summary>
    public DateTimeOffset? NextChange(DateTimeOffset now)
    {
        return Earlier(Earlier(Passive?.Until, PersonsWeight?.Until), Admin?.NextChange(now));

        static DateTimeOffset? Earlier(DateTimeOffset? a, DateTimeOffset? b) => a is null || b < a ? b : a;
    }

    /// <summary>The same without the words that have ended.</summary>
    public Standing At(DateTimeOffset now) => this with
    {
        Passive = Passive?.Until <= now ? null : Passive,
        Admin = Admin?.Until <= now ? null : Admin,
        PersonsWeight = PersonsWeight?.Until <= now ? null : PersonsWeight,
    };

    /// <summary>
    /// Makes one result of the five words. A person comes first: <c>maintenance</c> and <c>drain</c> hold whatever the
    /// machines say, and <c>up</c> overrules all of them. Else any machine may take the destination out or drain it, and
    /// the severest word counts.
    /// </summary>
    /// <param name="configuredWeight">The fifth word, 0 to <see cref="DestinationOptions.MaxWeight"/>.</param>
    /// <param name="initiallyUp">Whether a destination whose probe is pending is in service.</param>
    /// <param name="now">The time, for <see cref="AdminWord.StickyUntil"/>.</param>
    /// <param name="panic">Whether machines have no say because they speak against every destination.</param>
    public Judgement Judge(
        int configuredWeight, bool initiallyUp = true, DateTimeOffset now = default, bool panic = false)
    {
        var overruled = panic || Admin?.Order == AdminOrder.Up;
        List<(Availability Availability, StandingWord By, string Reason)>? said = null;
        void Say(Availability availability, StandingWord by, string reason) => (said ??= []).Add((availability, by, reason));

        if (Admin is { Order: not AdminOrder.Up } held)
        {
            Say(held.Order == AdminOrder.Drain ? Availability.Draining : Availability.Out, StandingWord.Admin, TextOf(held));
        }

        if (!overruled)
        {
            SayMachines(Say, initiallyUp);
        }

        var weight = WeightBy(configuredWeight, overruled);
        if (weight == 0)
        {
            Say(
                Availability.Draining,
                PersonsWeight is null && configuredWeight > 0 ? StandingWord.Agent : StandingWord.Configured,
                PersonsWeight is { } word ? $"weight 0 by {word.Who}" : configuredWeight > 0 ? "weight 0 by its agent" : "weight 0");
        }

        if (said is null)
        {
            return Admin is null
                ? new(Availability.InService, StandingWord.Configured, "", weight, WelcomesKnown: true)
                : new(Availability.InService, StandingWord.Admin, TextOf(Admin), weight, WelcomesKnown: true);
        }

        var worst = said.Max(word => word.Availability);
        return new(
            worst,
            said.First(word => word.Availability == worst).By,
            string.Join("; ", said.OrderByDescending(word => word.Availability).Select(word => word.Reason)),
            0,
            worst == Availability.Draining && Admin?.WelcomesKnown(now) != false);
    }

    /// <summary>What one word by itself would allow.</summary>
    public Availability Of(StandingWord word, int configuredWeight, bool initiallyUp) => word switch
    {
        StandingWord.Configured => (PersonsWeight?.Weight ?? configuredWeight) > 0 ? Availability.InService : Availability.Draining,
        StandingWord.Probe => Probe == ProbeVerdict.Down || (Probe == ProbeVerdict.Pending && !initiallyUp)
            ? Availability.Out : Availability.InService,
        StandingWord.Passive => Passive is null ? Availability.InService : Availability.Out,
        StandingWord.Agent => Agent?.Order switch
        {
            null => Availability.InService,
            AgentOrder.Up => (Agent.Weight ?? 1) * Agent.Share > 0 ? Availability.InService : Availability.Draining,
            AgentOrder.Drain => Availability.Draining,
            _ => Availability.Out,
        },
        StandingWord.Admin => Admin?.Order switch
        {
            AdminOrder.Drain => Availability.Draining,
            AdminOrder.Maintenance => Availability.Out,
            _ => Availability.InService,
        },
        _ => throw new ArgumentOutOfRangeException(nameof(word), word, "No such word."),
    };

    private static string TextOf(AdminWord word)
    {
        var until = word.Until is { } end
            ? string.Create(CultureInfo.InvariantCulture, $" until {end.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z") : "";
        return $"{word.Order.ToString().ToLowerInvariant()} by {word.Who}{until}{(word.Why.Length == 0 ? "" : $": {word.Why}")}";
    }

    private void SayMachines(Action<Availability, StandingWord, string> say, bool initiallyUp)
    {
        if (Probe == ProbeVerdict.Down)
        {
            say(Availability.Out, StandingWord.Probe, $"probe down: {ProbeReason}");
        }
        else if (Probe == ProbeVerdict.Pending && !initiallyUp)
        {
            say(Availability.Out, StandingWord.Probe, "no probe has ended yet");
        }

        if (Passive is { } ejected)
        {
            say(Availability.Out, StandingWord.Passive, $"ejected: {ejected.Reason}");
        }

        if (Agent is { Order: not AgentOrder.Up } agent)
        {
            say(agent.Order == AgentOrder.Drain ? Availability.Draining : Availability.Out, StandingWord.Agent,
                $"agent says {agent.Order.ToString().ToLowerInvariant()}: {agent.Reason}");
        }
    }

    private double WeightBy(int configuredWeight, bool overruled) =>
        PersonsWeight is { } persons ? persons.Weight
        : overruled || configuredWeight == 0 || Agent is null ? configuredWeight
        : Math.Min((Agent.Weight ?? configuredWeight) * Agent.Share, DestinationOptions.MaxWeight);
}
