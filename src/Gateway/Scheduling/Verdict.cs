namespace Gateway.Scheduling;

/// <summary>Why a candidate was chosen or was not: the closed list of explanations.</summary>
internal enum Verdict
{
    /// <summary>It takes the flow.</summary>
    Chosen,

    /// <summary>Not ready: its configured weight is 0.</summary>
    Quiesced,

    /// <summary>Not ready: the probe says it is down.</summary>
    ProbeDown,

    /// <summary>Not ready: no probe has ended yet.</summary>
    ProbePending,

    /// <summary>Not ready: a person drains it.</summary>
    Drained,

    /// <summary>Not ready: a person has put it in maintenance.</summary>
    InMaintenance,

    /// <summary>Not ready: real traffic failed there too often.</summary>
    Ejected,

    /// <summary>Not ready: its agent asks for no new flows.</summary>
    AgentRefuses,

    /// <summary>The flow already failed there, or another rule keeps it away.</summary>
    Excluded,

    /// <summary>It has as many flows as it may have.</summary>
    AtMaxConnections,

    /// <summary>It reached its upper threshold and is not yet below the lower one.</summary>
    OverThreshold,

    /// <summary>It has more active flows than its weight (ovf, lblc, lblcr).</summary>
    OverWeight,

    /// <summary>It starts slowly, or its agent asks for a part of a small weight, and it has had its part for now.</summary>
    StartsSlowly,

    /// <summary>It compares worse than the chosen one: more load for its weight, or less weight where weight decides.</summary>
    Costlier,

    /// <summary>It compares equal to the chosen one, which comes earlier in the list.</summary>
    EqualButLater,

    /// <summary>The flow's hash points elsewhere.</summary>
    HashElsewhere,

    /// <summary>It has more than its bounded share of the load (mh).</summary>
    OverBound,

    /// <summary>The key is remembered elsewhere (lblc, lblcr) or the client is (persistence).</summary>
    RememberedElsewhere,

    /// <summary>Others come first in the rotation.</summary>
    NotItsTurn,

    /// <summary>Chance decides; it can be drawn.</summary>
    ByChance,

    /// <summary>It is a backup, and a destination that is not one is ready.</summary>
    Backup,
}
