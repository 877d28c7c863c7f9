namespace Gateway.Import.Haproxy;

/// <summary>What a request must have for a route; all of it.</summary>
internal sealed record Match(
    IReadOnlyList<string> Hosts, string? Path, IReadOnlyList<string> Methods,
    IReadOnlyList<ValueMatch> Headers, IReadOnlyList<ValueMatch> Query)
{
    /// <summary>Both together, or null when that cannot be written as one.</summary>
    public static Match? And(Match one, Match other) =>
        (one.Hosts.Count > 0 && other.Hosts.Count > 0) || (one.Path is not null && other.Path is not null)
            || (one.Methods.Count > 0 && other.Methods.Count > 0)
            ? null
            : new Match([.. one.Hosts, .. other.Hosts], one.Path ?? other.Path, [.. one.Methods, .. other.Methods],
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
