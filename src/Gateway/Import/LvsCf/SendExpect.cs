using System.Text;
using Gateway.Probing.Answers;

namespace Gateway.Import.LvsCf;

/// <summary>The texts that nanny sends and expects.</summary>
internal static class SendExpect
{
    /// <summary>nanny reads no more of an answer than this.</summary>
    private const int LongestExpect = 254;

    /// <summary>The text a directive stands for: without its double quotes, and with nanny's escapes replaced.</summary>
    /// <remarks>nanny knows <c>\r \n \t \\ \' \"</c>, and hangs at its start at any other; here both characters stay. Single
    /// quotes belong to the text, as lvsd takes double ones off only.</remarks>
    public static string Text(Statement statement)
    {
        // Not the words: a quote behind a blank ends piranha's word, and is still what its writer meant to send.
        statement.Rest(1);
        var written = statement.Text[(statement.Text.IndexOf('=', StringComparison.Ordinal) + 1)..].Trim();
        var inner = written.Length > 1 && written[0] == '"' && written[^1] == '"' ? written[1..^1] : written.Trim('"');
        if (written.StartsWith('\''))
        {
            statement.Remark("the single quotes are part of the text, as in piranha");
        }

        var text = new StringBuilder();
        for (var i = 0; i < inner.Length; i++)
        {
            var next = inner[i] == '\\' && i + 1 < inner.Length ? inner[i + 1] : ' ';
            if (inner[i] != '\\' || inner.Length == 1)
            {
                text.Append(inner[i]);
                continue;
            }

            if ("rnt\\'\"".Contains(next, StringComparison.Ordinal))
            {
                text.Append(next switch { 'r' => '\r', 'n' => '\n', 't' => '\t', _ => next });
                i++;
            }
            else
            {
                text.Append('\\');
                statement.Remark($"nanny knows no \\{next} and would have hung; both characters are kept");
            }
        }

        return text.ToString();
    }

    /// <summary>Writes what is expected into a probe.</summary>
    public static void Expect(Draft probe, Statement expect, Statement? useRegex, bool isRegex)
    {
        var text = Text(expect);
        if (text.Length > LongestExpect)
        {
            text = text[..LongestExpect];
            expect.Same($"nanny compares the first {LongestExpect} characters only, and so does this");
        }

        if (!isRegex)
        {
            probe.Set("Expect", text);
            expect.Same(text == "*" ? "nanny also takes an end without a byte for an answer; here one byte must come"
                : "the answer must begin with it, and may come in pieces; Strict reads once, as nanny does");
            return;
        }

        var pattern = PosixPattern.ToNet(text);
        if (Expectation.PatternError(pattern) is { } wrong)
        {
            expect.Impossible($"is no regular expression .NET can search for without backtracking ({wrong.TrimEnd('.')}); any answer passes");
            useRegex?.Impossible("the expression cannot be used");
            probe.Set("Expect", "*");
            return;
        }

        probe.Set("Expect", pattern).Set("Regex", true);
        expect.Same(pattern == text ? "searched anywhere in the answer" : $"written '{pattern}' for .NET");
        useRegex?.Same();
    }
}
