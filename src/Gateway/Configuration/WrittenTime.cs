using System.Globalization;

namespace Gateway.Configuration;

/// <summary>A time as Gateway's own keys, the API and the console take it: hours:minutes:seconds, with days in front and fractions
/// behind where needed.</summary>
/// <remarks>.NET reads a bare number as days, which nobody means who writes <c>--for 5</c>.</remarks>
internal readonly record struct WrittenTime(TimeSpan Value)
{
    public const string Remedy = "Write hours:minutes:seconds, such as 00:30:00 for half an hour.";

    public static TimeSpan? Parse(string? text) =>
        text?.Contains(':') == true && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) ? time : null;

    /// <summary>Called by the framework to read a parameter of a query.</summary>
    public static bool TryParse(string? text, out WrittenTime time)
    {
        time = new(Parse(text) ?? default);
        return Parse(text) is not null;
    }
}
