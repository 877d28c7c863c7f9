namespace Gateway.Configuration;

/// <summary>Finds the known word a mistyped one was meant to be.</summary>
internal static class NearestKey
{
    /// <summary>The nearest of <paramref name="known"/>, or null when none is near enough to be meant.</summary>
    public static string? Find(string word, IEnumerable<string> known)
    {
        // A third of the letters may differ: 'Wieght' finds 'Weight', 'Foo' finds nothing.
        var best = known
            .Select(candidate => (candidate, distance: Distance(word.ToUpperInvariant(), candidate.ToUpperInvariant())))
            .DefaultIfEmpty((candidate: "", distance: int.MaxValue))
            .MinBy(pair => pair.distance);
        return best.distance <= Math.Max(1, Math.Min(word.Length, best.candidate.Length) / 3) ? best.candidate : null;
    }

    /// <summary>"Did you mean 'x'?" when something is near, else the whole list.</summary>
    public static string Suggest(string word, IReadOnlyCollection<string> known) =>
        Find(word, known) is { } near ? $"Did you mean '{near}'?" : $"Use one of {string.Join(", ", known)}.";

    /// <summary>Letters to insert, remove, replace or swap with their neighbour to turn one word into the other
    /// (optimal string alignment).</summary>
    private static int Distance(string a, string b)
    {
        var cost = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                cost[i, j] = i == 0 || j == 0 ? i + j : Math.Min(
                    Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1, cost[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }

        return cost[a.Length, b.Length];
    }
}
