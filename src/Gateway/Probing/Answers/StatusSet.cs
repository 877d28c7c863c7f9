using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Gateway.Probing.Answers;

/// <summary>A set of HTTP status codes, written as codes and ranges: <c>200-299,401</c>.</summary>
internal sealed class StatusSet
{
    private const int Lowest = 100;
    private const int Highest = 999;

    private readonly (int First, int Last)[] _ranges;

    private StatusSet((int First, int Last)[] ranges) => _ranges = ranges;

    public bool Contains(int status)
    {
        foreach (var (first, last) in _ranges)
        {
            if (status >= first && status <= last)
            {
                return true;
            }
        }

        return false;
    }

    /// <exception cref="FormatException">The text is not a set of status codes.</exception>
    public static StatusSet Parse(string text) =>
        TryParse(text, out var set, out var error) ? set : throw new FormatException(error);

    /// <summary>Reads a set; <paramref name="error"/> says what is wrong with the first part that is.</summary>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out StatusSet? set, [NotNullWhen(false)] out string? error)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        var ranges = new (int First, int Last)[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            error = ReadRange(parts[i], out ranges[i]);
            if (error is not null)
            {
                set = null;
                return false;
            }
        }

        set = new StatusSet(ranges);
        error = null;
        return true;
    }

    public override string ToString() =>
        string.Join(',', _ranges.Select(r => r.First == r.Last ? $"{r.First}" : $"{r.First}-{r.Last}"));

    private static string? ReadRange(string part, out (int First, int Last) range)
    {
        var dash = part.IndexOf('-', StringComparison.Ordinal);
        var (first, last) = dash < 0 ? (part, part) : (part[..dash].TrimEnd(), part[(dash + 1)..].TrimStart());
        range = default;
        if (!TryReadCode(first, out range.First) || !TryReadCode(last, out range.Last))
        {
            return $"'{part}' is not a status code from {Lowest} to {Highest} or a range of them such as 200-299";
        }

        return range.First <= range.Last ? null : $"'{part}' ends before it begins";
    }

    private static bool TryReadCode(string text, out int code) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out code) && code is >= Lowest and <= Highest;
}
