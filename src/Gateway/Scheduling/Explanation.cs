using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>One destination as a scheduler saw it when it decided.</summary>
/// <param name="Destination">The destination, with its configured and effective weight.</param>
/// <param name="Load">Its counters at that moment.</param>
/// <param name="Compared">The value the scheduler compared; null when it compared none.</param>
/// <param name="Verdict">Why it was chosen or was not.</param>
internal readonly record struct Candidate(Destination Destination, Load Load, double? Compared, Verdict Verdict);

/// <summary>Why a flow goes where it goes.</summary>
/// <param name="Chosen">The destination; null when none may take the flow, or when chance decides.</param>
/// <param name="Rule">What decided, with the numbers in it: <c>sh: bucket 39 of 256</c>.</param>
/// <param name="Candidates">All destinations in the order in which the scheduler walks them.</param>
internal sealed record Explanation(Destination? Chosen, string Rule, IReadOnlyList<Candidate> Candidates)
{
    /// <summary>The explanation of a choice among <paramref name="destinations"/>: <paramref name="lost"/> is asked for the
    /// verdict on each that was ready and is not the chosen one, <paramref name="compared"/> for its value.</summary>
    public static Explanation Of(
        IReadOnlyList<Destination> destinations,
        Exclusions? exclusions,
        Destination? chosen,
        string rule,
        Func<Destination, Verdict> lost,
        Func<Destination, double?>? compared = null)
    {
        var candidates = new Candidate[destinations.Count];
        for (var i = 0; i < candidates.Length; i++)
        {
            var destination = destinations[i];
            var verdict = ReferenceEquals(destination, chosen)
                ? Verdict.Chosen
                : Readiness.Against(destination, exclusions) ?? lost(destination);
            candidates[i] = new Candidate(destination, destination.State.Load, compared?.Invoke(destination), verdict);
        }

        return new Explanation(chosen, rule, candidates);
    }
}
