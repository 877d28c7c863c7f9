namespace Gateway.Clusters;

/// <summary>What the probes of one destination have come to.</summary>
/// <param name="Probed">The destination as it was when it was probed.</param>
/// <param name="Verdict">Up or down.</param>
/// <param name="Reason">Why, in the words of the closed list of probe outcomes.</param>
internal readonly record struct ProbeWord(Destination Probed, ProbeVerdict Verdict, string Reason);
