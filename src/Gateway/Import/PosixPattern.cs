using System.Text;

namespace Gateway.Import;

/// <summary>Turns a POSIX extended regular expression into one of .NET's dialect.</summary>
/// <remarks>The two differ in bracket expressions: POSIX has classes by name in them (<c>[[:digit:]]</c>), a backslash there is
/// a plain character, and <c>]</c> may be the first one. Matching differs in what is captured, which no probe looks at.</remarks>
internal static class PosixPattern
{
    private static readonly Dictionary<string, string> _classes = new(StringComparer.Ordinal)
    {
        ["alpha"] = "a-zA-Z",
        ["digit"] = "0-9",
        ["alnum"] = "a-zA-Z0-9",
        ["upper"] = "A-Z",
        ["lower"] = "a-z",
        ["space"] = @"\s",
        ["blank"] = @" \t",
        ["xdigit"] = "0-9A-Fa-f",
        ["cntrl"] = @"\x00-\x1f\x7f",
        ["print"] = @"\x20-\x7e",
        ["graph"] = @"\x21-\x7e",
        ["punct"] = @"!-/:-@\[-`{-~",
    };

    public static string ToNet(string pattern)
    {
        var net = new StringBuilder();
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == '\\' && i + 1 < pattern.Length)
            {
                net.Append(pattern, i++, 2);
            }
            else if (pattern[i] == '[')
            {
                i = Bracket(pattern, i, net);
            }
            else
            {
                net.Append(pattern[i]);
            }
        }

        return net.ToString();
    }

    /// <summary>Writes the bracket expression that begins at <paramref name="start"/> and returns where it ends.</summary>
    private static int Bracket(string pattern, int start, StringBuilder net)
    {
        net.Append('[');
        var i = start + 1;
        if (i < pattern.Length && pattern[i] == '^')
        {
            net.Append('^');
            i++;
        }

        for (var first = i; i < pattern.Length && (pattern[i] != ']' || i == first); i++)
        {
            var end = pattern.IndexOf(":]", i, StringComparison.Ordinal);
            if (pattern[i] == '[' && i + 1 < pattern.Length && pattern[i + 1] == ':' && end > 0
                && _classes.TryGetValue(pattern[(i + 2)..end], out var members))
            {
                net.Append(members);
                i = end + 1;
            }
            else
            {
                net.Append(pattern[i] is '\\' or '[' or ']' ? "\\" : "").Append(pattern[i]);
            }
        }

        net.Append(']');
        return i;
    }
}
