using System.Text;

namespace Gateway.Import;

/// <summary>Reads the lines of a shell script far enough to find the calls of a program in it.</summary>
internal static class ShellLine
{
    /// <summary>Words before a command that run it, or say when.</summary>
    private static readonly string[] _before =
        ["exec", "sudo", "nohup", "start-stop-daemon", "env", "if", "then", "else", "while", "until", "do", "!", "{"];

    /// <summary>One statement a command, with continued lines joined; comments are left out.</summary>
    public static IReadOnlyList<Statement> Read(SourceText text)
    {
        var statements = new List<Statement>();
        for (var i = 0; i < text.Lines.Count; i++)
        {
            var (first, line) = (i, text.Lines[i].Trim());
            while (line.EndsWith('\\') && i + 1 < text.Lines.Count && line.Length < 64 * 1024)
            {
                line = line[..^1] + "\\ " + text.Lines[++i].Trim();
            }

            foreach (var (words, command) in Commands(line))
            {
                statements.Add(new Statement(first + 1, words, command) { LastLine = i + 1 });
            }
        }

        return statements;
    }

    /// <summary>The arguments when these words call the program; null when they do not.</summary>
    public static IReadOnlyList<string>? CallOf(IReadOnlyList<string> words, string program)
    {
        var start = 0;
        while (start < words.Count && (_before.Contains(words[start]) || IsAssignment(words[start])))
        {
            start++;
        }

        if (start > 0 && words[start - 1] == "start-stop-daemon")
        {
            // Behind options of its own, the last of which names the program; its arguments are behind "--".
            start = Math.Max(words.ToList().FindIndex(start, word => IsProgram(word, program)), start);
            return start < words.Count && IsProgram(words[start], program)
                ? [.. words.Skip(start + 1).SkipWhile(word => word == "--").TakeWhile(word => word != "--")] : null;
        }

        return start < words.Count && IsProgram(words[start], program) ? [.. words.Skip(start + 1)] : null;
    }

    /// <summary>Whether a command of the line calls the program.</summary>
    public static bool Calls(string line, string program) =>
        Commands(line.Trim()).Any(command => CallOf(command.Words, program) is not null);

    private static bool IsProgram(string word, string program) => word.Split('/')[^1] == program;

    private static bool IsAssignment(string word) =>
        word.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals
        && word[..equals].All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    /// <summary>The commands of a line, each with its words without quotes, redirections and what ends it, and as it is written.
    /// </summary>
    private static IEnumerable<(List<string> Words, string Text)> Commands(string line)
    {
        var (words, begin, at) = (new List<string>(), 0, 0);
        while (at < line.Length)
        {
            var c = line[at];
            if (char.IsWhiteSpace(c) || (c == '\\' && (at + 1 == line.Length || char.IsWhiteSpace(line[at + 1]))))
            {
                at++;
            }
            else if (c == '#')
            {
                at = line.Length;
            }
            else if (c is ';' or '|' or '(' or ')' || (c == '&' && !(at + 1 < line.Length && line[at + 1] == '>')))
            {
                while (at < line.Length && line[at] is ';' or '|' or '&' or '(' or ')' or ' ' or '\t')
                {
                    at++;
                }

                if (words.Count > 0)
                {
                    yield return (words, line[begin..at].Trim());
                    (words, begin) = ([], at);
                }
            }
            else if (Word(line, ref at) is { } word)
            {
                words.Add(word);
            }
        }

        if (words.Count > 0)
        {
            yield return (words, line[begin..].Trim());
        }
    }

    /// <summary>The next word without its quotes; null when it is a redirection, which is passed over with its target.</summary>
    private static string? Word(string line, ref int at)
    {
        var word = new StringBuilder();
        var quote = '\0';
        for (; at < line.Length; at++)
        {
            var c = line[at];
            if (quote != '\0')
            {
                if (c == quote)
                {
                    quote = '\0';
                }
                else
                {
                    word.Append(c);
                }
            }
            else if (c is '"' or '\'')
            {
                quote = c;
            }
            else if (c == '\\' && at + 1 < line.Length && !char.IsWhiteSpace(line[at + 1]))
            {
                word.Append(line[++at]);
            }
            else if (c == '`' || (c == '$' && at + 1 < line.Length && line[at + 1] == '('))
            {
                // The output of another command.
                var end = line.IndexOf(c == '`' ? '`' : ')', at + 1);
                end = end < 0 ? line.Length - 1 : end;
                word.Append(line, at, end - at + 1);
                at = end;
            }
            else if (c is '<' or '>' || (c == '&' && word.Length == 0))
            {
                at = EndOfRedirection(line, at);
                return null;
            }
            else if (char.IsWhiteSpace(c) || c is ';' or '|' or '&' or '(' or ')' or '\\')
            {
                break;
            }
            else
            {
                word.Append(c);
            }
        }

        return word.ToString();
    }

    /// <summary>Where the target of a redirection ends: <c>&gt; file</c>, <c>2&gt;&amp;1</c>, <c>&amp;&gt;file</c>.</summary>
    private static int EndOfRedirection(string line, int at)
    {
        while (at < line.Length && line[at] is '<' or '>' or '&' or '|')
        {
            at++;
        }

        while (at < line.Length && line[at] is ' ' or '\t')
        {
            at++;
        }

        while (at < line.Length && !char.IsWhiteSpace(line[at]) && line[at] is not (';' or '|' or '&' or ')'))
        {
            at++;
        }

        return at;
    }
}
