using System.Globalization;

namespace Gateway.Import.LvsCf;

/// <summary>Reads the lines of an lvs.cf into directives and blocks.</summary>
/// <remarks>
/// <para>The grammar is that of piranha's parser: one directive a line, words apart by blanks, <c>NAME = VALUE</c>, blocks
/// <c>virtual NAME {</c>, <c>failover NAME {</c> and within them <c>server NAME {</c>, each closed by a brace alone on its line;
/// a line that begins with # is a comment, and # elsewhere is not. A word in quotes goes to the next same quote;
/// backslashes are not looked at here.</para>
/// <para>piranha stops at the first line it does not like. This reads on and says so in the report: words run together
/// (<c>port=80</c>), a brace on the next line, quotes that do not close, line ends of DOS.</para>
/// </remarks>
internal sealed class LvsCfReader
{
    private const string Refused = "piranha would have refused this line";

    private static readonly string[] _typical =
        ["serial_no", "primary", "service", "backup", "backup_active", "heartbeat", "keepalive", "deadtime", "network",
         "nat_router", "debug_level", "virtual", "failover", "server", "active", "address", "port", "send", "expect",
         "load_monitor", "scheduler", "protocol", "timeout", "reentry", "quiesce_server", "weight", "persistent"];

    private readonly List<Statement> _top = [];
    private readonly Stack<Statement> _open = [];

    public static double Likeness(SourceText text) => ImportFormats.ShareOfLines(text, line =>
    {
        var words = line.Split((char[])[' ', '\t', '='], StringSplitOptions.RemoveEmptyEntries);
        return (words.Length > 0 && _typical.Contains(words[0]) && (line.Contains('=', StringComparison.Ordinal)
            || (words[0] is "virtual" or "server" or "failover" && line.EndsWith('{') && words.Length == 3))) || line == "}";
    });

    public static IReadOnlyList<Statement> Read(SourceText text)
    {
        var reader = new LvsCfReader();
        for (var i = 0; i < text.Lines.Count; i++)
        {
            var line = text.Lines[i].Trim(' ', '\t', '\f', '\v');
            if (line.Length > 0 && line[0] != '#')
            {
                reader.Take(i + 1, line);
            }
        }

        foreach (var open in reader._open)
        {
            open.LastLine = text.Lines.Count;
            open.Remark("the file ends before its closing brace; " + Refused);
        }

        if (text.HasCarriageReturns && reader._top is [var first, ..])
        {
            first.Remark("lines end with a carriage return: of such a file piranha reads the first line only");
        }

        return reader._top;
    }

    private void Take(int line, string text)
    {
        var words = Split(text, out var isClosed);
        if (words is ["}"])
        {
            Close(line, text);
            return;
        }

        if (words is ["{"] && _open.TryPeek(out var waiting) && waiting.LastLine == -1)
        {
            waiting.LastLine = line;
            waiting.Remark("the brace is on a line of its own; " + Refused);
            return;
        }

        var loose = Loosen(words);
        var isHeader = IsBlockName(loose[0]) && loose.ElementAtOrDefault(1) != "=";
        var brace = isHeader ? loose.IndexOf("{") : -1;
        if (brace >= 0 && brace < loose.Count - 1)
        {
            OneLine(line, loose, brace);
            return;
        }

        var statement = new Statement(line, [.. loose.Where((word, i) => !(i == 1 && word == "=") && word != "{")], text);
        if (isHeader)
        {
            CloseBefore(loose[0], line);
        }

        if (!isClosed)
        {
            statement.Remark("a quotation mark does not close; " + Refused);
        }

        if (loose.Count > words.Count)
        {
            statement.Remark("blanks are missing before or after '=' or '{'; " + Refused);
        }

        (_open.TryPeek(out var block) ? block.Body : _top).Add(statement);
        if (isHeader)
        {
            Open(statement, line, hasBrace: loose[^1] == "{");
        }
        else if (loose.ElementAtOrDefault(1) != "=")
        {
            statement.Remark("'=' is missing; " + Refused);
        }
        else if (statement.Words.Count - 1 > MostArguments(statement.Name, isInServer: block?.Name == "server"))
        {
            statement.Remark("there are words behind the value; " + Refused);
        }
    }

    /// <summary>A header with what its block holds behind the brace: each directive begins at a word before '='.</summary>
    private void OneLine(int line, List<string> words, int brace)
    {
        var header = string.Join(' ', words.Take(brace + 1));
        Take(line, header);
        _open.Peek().Remark("there are words behind its brace; " + Refused);
        var rest = words.Skip(brace + 1).ToList();
        var isClosed = rest[^1] == "}";
        var at = 0;
        for (var i = 1; i <= rest.Count - (isClosed ? 1 : 0); i++)
        {
            if (i == rest.Count - (isClosed ? 1 : 0) || (i + 1 < rest.Count && rest[i + 1] == "=" && i > at))
            {
                Take(line, string.Join(' ', rest[at..i]));
                at = i;
            }
        }

        if (isClosed)
        {
            Close(line, "}");
        }
    }

    /// <summary>A block that cannot be within an open one was not closed: servers hold no blocks, virtuals no virtuals.</summary>
    private void CloseBefore(string name, int line)
    {
        while (_open.TryPeek(out var open) && (name != "server" || open.Name == "server"))
        {
            open.LastLine = Math.Max(open.Line, line - 1);
            open.Remark(string.Create(CultureInfo.InvariantCulture, $"its closing brace is missing before line {line}; ") + Refused);
            _open.Pop();
        }
    }

    private static int MostArguments(string name, bool isInServer) => name switch
    {
        "address" when !isInServer => 2,
        "nat_router" => 2,
        "dirs" => int.MaxValue,
        _ => 1,
    };

    private static bool IsBlockName(string word) => word is "virtual" or "failover" or "server";

    private void Open(Statement statement, int line, bool hasBrace)
    {
        if (_open.Count >= SourceText.Deepest)
        {
            throw new ImportException($"has blocks more than {SourceText.Deepest} deep in line {line}.");
        }

        statement.IsBlock = true;
        statement.Text = (hasBrace ? statement.Text : statement.Text + " {") + " … }";
        // Until the brace comes.
        statement.LastLine = hasBrace ? line : -1;
        _open.Push(statement);
    }

    private void Close(int line, string text)
    {
        if (_open.TryPop(out var block))
        {
            block.LastLine = line;
            return;
        }

        var stray = new Statement(line, ["}"], text);
        stray.Same("closes nothing; " + Refused);
        _top.Add(stray);
    }

    /// <summary>The words, with '=' and '{' as words of their own where they were written without blanks.</summary>
    private static List<string> Loosen(List<string> words)
    {
        var loose = new List<string>();
        foreach (var word in words)
        {
            var equals = loose.Count <= 1 && word.Length > 1 && word[0] is not ('"' or '\'')
                ? word.IndexOf('=', StringComparison.Ordinal) : -1;
            string[] parts = equals >= 0 ? [word[..equals], "=", word[(equals + 1)..]]
                : word.Length > 1 && word.EndsWith('{') && IsBlockName(words[0]) ? [word[..^1], "{"]
                : [word];
            loose.AddRange(parts.Where(part => part.Length > 0));
        }

        return loose;
    }

    /// <summary>Words apart by blanks; those in quotes keep their blanks, and their quotes so that later steps can tell.</summary>
    private static List<string> Split(string text, out bool isClosed)
    {
        isClosed = true;
        var words = new List<string>();
        for (var i = 0; i < text.Length;)
        {
            if (text[i] is ' ' or '\t')
            {
                i++;
                continue;
            }

            var end = text[i] is '"' or '\'' ? EndOfQuoted(text, i) : EndOfPlain(text, i);
            if (end < 0)
            {
                isClosed = false;
                end = text.Length;
            }

            words.Add(text[i..end]);
            i = end;
        }

        return words;
    }

    private static int EndOfPlain(string text, int start)
    {
        var end = text.AsSpan(start).IndexOfAny(' ', '\t');
        return end < 0 ? text.Length : start + end;
    }

    /// <summary>Behind the closing quote: the next same one, or, when no blank comes before it, the last one of the
    /// word, since a word without blanks may hold quotes.</summary>
    private static int EndOfQuoted(string text, int start)
    {
        var plain = EndOfPlain(text, start);
        if (plain - start > 1 && text[plain - 1] == text[start])
        {
            return plain;
        }

        var end = text.IndexOf(text[start], start + 1);
        return end < 0 ? -1 : end + 1;
    }
}
