namespace Gateway.Scheduling;

/// <summary>How the share of a destination is held below its full share: schedulers differ in what the full share is.
/// </summary>
internal enum ShareRule
{
    /// <summary>The scheduler picks without regard to what was picked before: of its picks of the destination a part is taken.
    /// </summary>
    OfPicks,

    /// <summary>The same where the first in order takes all: a destination that is not first is not to be looked after.
    /// </summary>
    OfPicksInOrder,

    /// <summary>The scheduler picks whose turn it is or who has least, which comes the sooner the more a destination is held
    /// back: its part is counted of all flows of the cluster.</summary>
    OfFlows,

    /// <summary>The scheduler picks by key: of the keys a part goes to the destination, always the same ones, and more and
    /// more of them.</summary>
    OfKeys,
}

/// <summary>The rule and the weights of each scheduler.</summary>
internal static class ShareRules
{
    public static ShareRule Of(string scheduler) => scheduler switch
    {
        "fo" or "ovf" or "FirstAlphabetical" => ShareRule.OfPicksInOrder,
        "Random" => ShareRule.OfPicks,
        "sh" or "dh" or "mh" => ShareRule.OfKeys,
        _ => ShareRule.OfFlows,
    };

    /// <summary>Whether shares go by weight, and so a fraction of a weight is a part of the share.</summary>
    public static bool IsWeighted(string scheduler) => scheduler is
        "wrr" or "wlc" or "sed" or "nq" or "lblc" or "lblcr" or "twos" or "sh" or "mh";
}
