using System.Text.RegularExpressions;

namespace Gateway.Import.Haproxy;

/// <summary>Times and sizes as haproxy.cfg writes them: milliseconds without a unit, else us, ms, s, m, h or d; k, m or g.</summary>
internal static partial class HaproxyTime
{
    /// <summary>How long a connection is tried at most: to HAProxy <c>timeout connect 0</c> is no limit of its own, which leaves the one of
    /// the system, two minutes.</summary>
    public static TimeSpan Connect(TimeSpan time) => time == TimeSpan.Zero ? TimeSpan.FromMinutes(2) : time;

    public static TimeSpan? Parse(string word)
    {
        var match = Form().Match(word);
        if (!match.Success || Words.Whole(match.Groups[1].Value) is not { } number)
        {
            return null;
        }

        var milliseconds = number * match.Groups[2].Value switch
        {
            "us" => 0.001,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => 1.0,
        };
        return TimeSpan.FromMilliseconds(Math.Min(milliseconds, TimeSpan.FromDays(365).TotalMilliseconds));
    }

    public static TimeSpan AtLeast(TimeSpan time, TimeSpan least) => time < least ? least : time;

    public static long? Size(string word)
    {
        var unit = word.Length == 0 ? ' ' : char.ToLowerInvariant(word[^1]);
        var factor = unit switch { 'k' => 1024L, 'm' => 1024L * 1024, 'g' => 1024L * 1024 * 1024, _ => 1 };
        return Words.Whole(factor > 1 ? word[..^1] : word) is { } number && number < long.MaxValue / factor ? number * factor : null;
    }

    [GeneratedRegex("^([0-9]{1,12})(us|ms|s|m|h|d)?$")]
    private static partial Regex Form();
}
