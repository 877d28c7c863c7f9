using System.Globalization;
using System.Text;

namespace Gateway.Import.Haproxy;

/// <summary>One line of haproxy.cfg: words are apart by blanks, quoted by " (strong: ') and escaped by a backslash; # begins a comment.
/// </summary>
/// <param name="Words">The words, without quotes and escapes.</param>
/// <param name="Written">The line as written, without its comment.</param>
/// <param name="Variables">The names of variables of the environment that haproxy puts in, between " only. They are literal in the words.
/// </param>
internal sealed record HaproxyLine(IReadOnlyList<string> Words, string Written, IReadOnlyList<string> Variables)
{
    public static HaproxyLine Of(string line)
    {
        var words = new List<string>();
        var variables = new List<string>();
        var word = new StringBuilder();
        var (quote, isWord, end) = ('\0', false, line.Length);
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (c == '\\' && quote != '\'' && i + 1 < line.Length)
            {
                word.Append(Escaped(line, ref i, isQuoted: quote == '"'));
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
                if (quote == '"' && c == '$' && Variable(line.AsSpan(i + 1)) is { Length: > 0 } name)
                {
                    variables.Add(name);
                }

                word.Append(c);
                isWord = true;
            }
        }

        Finish(words, word, ref isWord);
        return new HaproxyLine(words, line[..end].Trim(), variables);
    }

    /// <summary>What a backslash at <paramref name="i"/> and the characters behind it stand for. Before all others it is a backslash,
    /// as in the expression <c>^\+OK</c>.</summary>
    private static string Escaped(string line, ref int i, bool isQuoted)
    {
        if (line[i + 1] == 'x' && i + 3 < line.Length
            && byte.TryParse(line.AsSpan(i + 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
        {
            i += 3;
            return ((char)code).ToString();
        }

        var escaped = line[i + 1] switch
        {
            'r' => "\r",
            'n' => "\n",
            't' => "\t",
            ' ' => " ",
            '\\' => "\\",
            '#' => "#",
            '"' => "\"",
            '\'' => "'",
            '$' when isQuoted => "$",
            _ => null,
        };
        i += escaped is null ? 0 : 1;
        return escaped ?? "\\";
    }

    /// <summary>The name of the variable that this text, behind its dollar sign, begins with; empty when it is none.</summary>
    private static string Variable(ReadOnlySpan<char> text)
    {
        var from = text is ['{', ..] ? 1 : 0;
        var to = from;
        while (to < text.Length && (char.IsAsciiLetterOrDigit(text[to]) || text[to] is '_' or '.'))
        {
            to++;
        }

        return to > from && !char.IsAsciiDigit(text[from]) ? text[from..to].ToString() : "";
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
