using System.Globalization;
using System.Text;

namespace Gateway.Import.Haproxy;

/// <summary>Reads haproxy.cfg: sections begin at a keyword, and everything up to the next is in them; words are apart by blanks, quoted
/// by " (strong: ') and escaped by a backslash; # begins a comment.</summary>
internal static class HaproxyReader
{
    private static readonly string[] _sections =
        ["global", "defaults", "frontend", "backend", "listen", "peers", "resolvers", "userlist", "mailers", "program", "http-errors",
         "cache", "ring", "log-forward", "fcgi-app", "crt-store", "traces", "acme", "log-profile"];

    private static readonly string[] _typical =
        ["bind", "server", "mode", "balance", "option", "timeout", "acl", "use_backend", "default_backend", "maxconn", "log", "http-request",
         "http-response", "tcp-request", "http-check", "tcp-check", "stick-table", "stick", "stats", "errorfile", "retries", "cookie",
         "default-server", "daemon", "chroot"];

    public static double Likeness(SourceText text) => !text.Lines.Any(IsHeader) ? 0 : ImportFormats.ShareOfLines(text, line =>
    {
        var words = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        return !line.EndsWith('{') && !line.EndsWith(';') && !line.Contains('=', StringComparison.Ordinal)
            && (_sections.Contains(words[0]) || _typical.Contains(words[0]));
    });

    private static bool IsHeader(string line) =>
        _sections.Contains(line.Split((char[])[' ', '\t'], 2, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault());

    /// <summary>The sections, with their lines in them.</summary>
    public static IReadOnlyList<Statement> Read(SourceText text)
    {
        var top = new List<Statement>();
        for (var i = 0; i < text.Lines.Count; i++)
        {
            var words = Split(text.Lines[i], out var written);
            if (words.Count == 0)
            {
                continue;
            }

            var statement = new Statement(i + 1, words, written);
            if (_sections.Contains(words[0]))
            {
                statement.IsBlock = true;
                top.Add(statement);
            }
            else if (top.Count == 0 || !top[^1].IsBlock)
            {
                top.Add(statement);
            }
            else
            {
                top[^1].Body.Add(statement);
            }
        }

        return top;
    }

    private static List<string> Split(string line, out string written)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var (quote, isWord, end) = ('\0', false, line.Length);
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (c == '\\' && quote != '\'' && i + 1 < line.Length)
            {
                word.Append(Escaped(line, ref i));
                isWord = true;
            }
            else if (quote != '\0' ? c == quote : c is '"' or '\'')
            {
                quote = quote != '\0' ? '\0' : c;
                isWord = true;
            }
            else if (quote == '\0' && c == '#')
            {
                end = i;
                break;
            }
            else if (quote == '\0' && char.IsWhiteSpace(c))
            {
                Finish(words, word, ref isWord);
            }
            else
            {
                word.Append(c);
                isWord = true;
            }
        }

        Finish(words, word, ref isWord);
        written = line[..end].Trim();
        return words;
    }

    /// <summary>The character that a backslash at <paramref name="i"/> begins: <c>\r \n \t \xHH</c>, else the one behind it.</summary>
    private static char Escaped(string line, ref int i)
    {
        i++;
        if (line[i] == 'x' && i + 2 < line.Length
            && byte.TryParse(line.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
        {
            i += 2;
            return (char)code;
        }

        return line[i] switch { 'r' => '\r', 'n' => '\n', 't' => '\t', var other => other };
    }

    private static void Finish(List<string> words, StringBuilder word, ref bool isWord)
    {
        if (isWord)
        {
            words.Add(word.ToString());
        }

        word.Clear();
        isWord = false;
    }
}
