using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <content>What the limiter would do, without doing it.</content>
internal sealed partial class ShareLimiter
{
    /// <summary>Where this flow would go now and why. Destinations that slow start keeps it from have the verdict
    /// <see cref="Verdict.StartsSlowly"/>.</summary>
    public Explanation Explain(IScheduler scheduler, in Flow flow, Exclusions? exclusions)
    {
        var explanation = scheduler.Explain(flow, exclusions);
        if (Waiting(exclusions) is { } waiting)
        {
            return Instead(explanation, waiting);
        }

        var declined = new Exclusions();
        declined.Reset(exclusions);
        var held = new HashSet<DestinationState>();
        var within = explanation;
        while (within.Chosen is { } chosen && !WouldAccept(chosen, flow))
        {
            held.Add(chosen.State);
            declined.Add(chosen);
            within = scheduler.Explain(flow, declined);
        }

        // Nobody else can take it: rather more than its part than a refusal. Where chance decides nobody is chosen either.
        if (held.Count == 0 || (within.Chosen is null && !within.Candidates.Any(c => c.Verdict == Verdict.ByChance)))
        {
            return explanation;
        }

        return within with
        {
            Rule = $"{within.Rule}; slow start holds back {held.Count}",
            Candidates = [.. within.Candidates.Select(c => held.Contains(c.Destination.State) ? c with { Verdict = Verdict.StartsSlowly } : c)],
        };
    }

    private static Explanation Instead(Explanation explanation, Destination waiting) => new(
        waiting,
        $"slow start: no flow for {_longestWait.TotalMilliseconds:0} ms",
        [.. explanation.Candidates.Select(c =>
            c.Destination.State == waiting.State ? c with { Verdict = Verdict.Chosen }
            : c.Verdict == Verdict.Chosen ? c with { Verdict = Verdict.NotItsTurn }
            : c)]);

    private Destination? Waiting(Exclusions? exclusions)
    {
        var now = _time.GetTimestamp();
        lock (_gate)
        {
            RefreshNeedsLock(now);
            return LooksAfterWaiting && _forWaiting + MostForWaiting >= 1 ? LongestWaitingNeedsLock(now, exclusions)?.Destination : null;
        }
    }

    private bool WouldAccept(Destination picked, in Flow flow)
    {
        if (Find(picked) is not { } held)
        {
            return true;
        }

        if (_rule == ShareRule.OfKeys)
        {
            return Position(flow) < held.Part * held.Fraction;
        }

        lock (_gate)
        {
            return !held.IsHeld || CreditNeedsLock(held, _flows + 1) >= 1;
        }
    }
}
