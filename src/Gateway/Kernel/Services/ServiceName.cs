using System.Globalization;

namespace Gateway.Kernel.Services;

/// <summary>Names that nft's language takes: letters, digits and underscores.</summary>
internal static class ServiceName
{
    private const int Longest = 40;

    /// <summary>The name itself where it is one, else its letters and a number that tells it from others.</summary>
    public static string Of(string id)
    {
        var plain = string.Concat(id.Select(letter => char.IsAsciiLetterOrDigit(letter) ? char.ToLowerInvariant(letter) : '_'));
        if (plain == id && id.Length <= Longest)
        {
            return plain;
        }

        // Ids that differ in case only are the same virtual server; those that differ in other letters are not.
        var hash = 2166136261;
        foreach (var letter in id.ToUpperInvariant())
        {
            hash = (hash ^ letter) * 16777619;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{plain[..Math.Min(plain.Length, Longest)]}_{hash & 0xffffff:x6}");
    }
}
