using System.Text;

namespace Gateway.Probing.Answers;

/// <summary>Makes the beginning of a foreign text fit for one line of a log: short, and without control characters.
/// </summary>
internal static class Excerpt
{
    // Enough for a status line or a banner.
    private const int Length = 80;

    public static string Of(string text) => Of(text, text.Length > Length);

    public static string Of(ReadOnlySpan<byte> text) =>
        Of(Encoding.UTF8.GetString(text[..Math.Min(text.Length, Length)]), text.Length > Length);

    private static string Of(string text, bool cut)
    {
        var line = new StringBuilder();
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, Length)))
        {
            line.Append(char.IsControl(c) ? '.' : c);
        }

        return line.Append(cut ? "…" : "").ToString();
    }
}
