using System.Text.RegularExpressions;

namespace Gateway.Import.Nginx;

/// <summary>Times and sizes as nginx writes them: seconds without a unit, else ms, s, m, h or d; bytes, k, m or g.</summary>
internal static partial class NginxTime
{
    public static TimeSpan? Parse(string word)
    {
        var match = Form().Match(word);
        if (!match.Success || Words.Whole(match.Groups[1].Value) is not { } number)
        {
            return null;
        }

        var seconds = number * match.Groups[2].Value switch { "ms" => 0.001, "m" => 60, "h" => 3600, "d" => 86400, _ => 1.0 };
        return Words.Seconds(seconds);
    }

    public static long? Size(string word)
    {
        var factor = word.Length == 0 ? 1 : char.ToLowerInvariant(word[^1]) switch { 'k' => 1L << 10, 'm' => 1L << 20, 'g' => 1L << 30, _ => 1L };
        return Words.Whole(factor > 1 ? word[..^1] : word) is { } number && number < long.MaxValue / factor ? number * factor : null;
    }

    [GeneratedRegex("^([0-9]{1,12})(ms|s|m|h|d)?$")]
    private static partial Regex Form();
}
