namespace Gateway.Import.Haproxy;

/// <summary>What a request must have for a route; all of it.</summary>
internal sealed record Match(
    IReadOnlyList<string> Hosts, string? Path, IReadOnlyList<string> Methods,
    IReadOnlyList<ValueMatch> Headers, IReadOnlyList<ValueMatch> Query)
{
    /// <summary>What every request has.</summary>
    public static Match All { get; } = new([], null, [], [], []);

    /// <summary>Both together, or null when that cannot be written as one.</summary>
    public static Match? And(Match one, Match other) => And(one, other, one.Path ?? other.Path, one.Path is not null && other.Path is not null);

    /// <summary>Those requests of one that the other matches, too; null when that cannot be written as one. Of two paths the longer one
    /// counts, when it is below the shorter one.</summary>
    public static Match? Within(Match one, Match other)
    {
        if (one.Path is null || other.Path is null)
        {
            return And(one, other);
        }

        var isBelow = one.Path.EndsWith("/{**rest}", StringComparison.Ordinal)
            && other.Path.StartsWith(one.Path[..^"{**rest}".Length], StringComparison.OrdinalIgnoreCase);
        return And(one, other, other.Path, !isBelow && !string.Equals(one.Path, other.Path, StringComparison.OrdinalIgnoreCase));
    }

    private static Match? And(Match one, Match other, string? path, bool isTwoPaths) =>
        (one.Hosts.Count > 0 && other.Hosts.Count > 0) || isTwoPaths
            || (one.Methods.Count > 0 && other.Methods.Count > 0)
            ? null
            : new Match([.. one.Hosts, .. other.Hosts], path, [.. one.Methods, .. other.Methods],
                [.. one.Headers, .. other.Headers], [.. one.Query, .. other.Query]);
}

/// <summary>A header or query parameter to match.</summary>
internal sealed record ValueMatch(string Name, string Mode, IReadOnlyList<string> Values, bool IsCaseSensitive)
{
    public void WriteTo(Draft section)
    {
        section.Set("Name", Name);
        if (Values.Count > 0)
        {
            section.Set("Values", Values);
        }

        section.Set("Mode", Mode);
        if (IsCaseSensitive && Values.Count > 0)
        {
            section.Set("IsCaseSensitive", true);
        }
    }
}
