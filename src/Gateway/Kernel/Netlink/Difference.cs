namespace Gateway.Kernel.Netlink;

/// <summary>Two lists of named things side by side: what went, what came, what stayed. A thing that cannot stay in place
/// goes and comes.</summary>
internal sealed class Difference<T>
    where T : class
{
    public Difference(IReadOnlyList<T> before, IReadOnlyList<T> after, Func<T, string> name, Func<T, T, bool> canStay)
    {
        var byName = before.ToDictionary(name);
        foreach (var thing in after)
        {
            if (byName.Remove(name(thing), out var old) && canStay(old, thing))
            {
                Kept.Add((old, thing));
            }
            else
            {
                New.Add(thing);
                if (old is not null)
                {
                    Gone.Add(old);
                }
            }
        }

        Gone.AddRange(byName.Values);
    }

    public List<T> Gone { get; } = [];

    public List<T> New { get; } = [];

    public List<(T Before, T After)> Kept { get; } = [];
}

/// <summary>What one list has and another has not, by value.</summary>
internal static class Difference
{
    /// <summary>In the order of <paramref name="these"/>. What both begin and end with is only walked along, which is nearly
    /// all of them when one of a thousand changes.</summary>
    public static List<T> Missing<T>(List<T> these, List<T> those)
        where T : class, IEquatable<T>
    {
        var most = Math.Min(these.Count, those.Count);
        var head = 0;
        while (head < most && these[head].Equals(those[head]))
        {
            head++;
        }

        var tail = 0;
        while (tail < most - head && these[^(tail + 1)].Equals(those[^(tail + 1)]))
        {
            tail++;
        }

        var between = these.GetRange(head, these.Count - head - tail);
        if (between.Count > 0 && those.Count - head - tail is > 0 and var others)
        {
            var known = new HashSet<T>(those.GetRange(head, others));
            between.RemoveAll(known.Contains);
        }

        return between;
    }
}
