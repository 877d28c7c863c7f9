using Gateway.Clusters;

namespace Gateway.Kernel.Services;

/// <summary>Shares of new flows by which schedulers that compare loads are followed: the kernel cannot compare, so its slots
/// are dealt anew several times a second, such that the flows to come level the loads.</summary>
/// <remarks>Approximate: until the next time, flows follow the shares of the last. Example, lc: A has 30 flows, B 10, C 20;
/// sixteen are to come: they go to B, 13, and C, 3, until both stand at 23.</remarks>
internal static class Steering
{
    /// <summary>So many flows are thought to come at least, so that the shares of an idle service are those of its
    /// weights.</summary>
    private const double FewestArrivals = 16;
    private const double ArrivalsOfLoad = 0.1;

    /// <summary>Whether the shares of this scheduler follow loads.</summary>
    public static bool IsNeeded(string scheduler) => scheduler
        is "lc" or "wlc" or "sed" or "nq" or "ovf" or "twos" or "LeastRequests" or "PowerOfTwoChoices";

    /// <summary>The share of each destination; 0 for those that may not take a flow.</summary>
    public static double[] Shares(string scheduler, ReadOnlySpan<Destination> destinations, ReadOnlySpan<bool> mayTake)
    {
        var weights = new double[destinations.Length];
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = mayTake[i] ? scheduler is "lc" or "LeastRequests" or "PowerOfTwoChoices" or "rr" or "Random"
                ? 1 : destinations[i].Judgement.Weight : 0;
        }

        return scheduler switch
        {
            "fo" => OnlyFirst(weights, static (_, _) => true, destinations),
            "ovf" => OnlyFirst(weights, static (destination, weight) => destination.State.Active < weight, destinations),
            "FirstAlphabetical" => OnlyFirst([.. weights.Select(w => w > 0 ? 1.0 : 0)], static (_, _) => true, destinations, byName: true),
            "nq" when Idle(weights, destinations) is { } idle => idle,
            _ => IsNeeded(scheduler) ? Level(weights, destinations) : weights,
        };
    }

    private static double[]? Idle(double[] weights, ReadOnlySpan<Destination> destinations)
    {
        var idle = new double[weights.Length];
        var any = false;
        for (var i = 0; i < weights.Length; i++)
        {
            idle[i] = destinations[i].State.Active == 0 ? weights[i] : 0;
            any |= idle[i] > 0;
        }

        return any ? idle : null;
    }

    /// <summary>The one with the highest weight that also passes; the first of equals.</summary>
    private static double[] OnlyFirst(
        double[] weights, Func<Destination, double, bool> passes, ReadOnlySpan<Destination> destinations, bool byName = false)
    {
        var best = -1;
        for (var i = 0; i < weights.Length; i++)
        {
            if (weights[i] > 0 && passes(destinations[i], weights[i]) && (best < 0 || (byName
                ? string.CompareOrdinal(destinations[i].Id, destinations[best].Id) < 0
                : weights[i] > weights[best])))
            {
                best = i;
            }
        }

        // All are at their weight: ovf takes the heaviest.
        if (best < 0 && weights.Any(weight => weight > 0))
        {
            best = Array.IndexOf(weights, weights.Max());
        }

        var only = new double[weights.Length];
        if (best >= 0)
        {
            only[best] = 1;
        }

        return only;
    }

    /// <summary>How much each lacks to the level at which all flows, those to come too, are in the proportion of the
    /// weights.</summary>
    private static double[] Level(double[] weights, ReadOnlySpan<Destination> destinations)
    {
        var loads = new double[weights.Length];
        var order = new List<int>();
        var total = 0.0;
        for (var i = 0; i < weights.Length; i++)
        {
            // A closing flow counts 1/256, as in IPVS.
            loads[i] = destinations[i].State.Active + (destinations[i].State.Inactive / 256.0);
            total += loads[i];
            if (weights[i] > 0)
            {
                order.Add(i);
            }
        }

        order.Sort((a, b) => (loads[a] / weights[a]).CompareTo(loads[b] / weights[b]));
        var (left, weight, level) = (Math.Max(FewestArrivals, total * ArrivalsOfLoad), 0.0, 0.0);
        for (var i = 0; i < order.Count; i++)
        {
            var next = loads[order[i]] / weights[order[i]];
            if (weight * (next - level) > left)
            {
                break;
            }

            left -= weight * (next - level);
            level = next;
            weight += weights[order[i]];
        }

        level += weight > 0 ? left / weight : 0;
        for (var i = 0; i < weights.Length; i++)
        {
            loads[i] = Math.Max((level * weights[i]) - loads[i], 0);
        }

        return loads;
    }
}
