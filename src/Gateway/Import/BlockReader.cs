using System.Text;

namespace Gateway.Import;

/// <summary>What a grammar of directives and braces looks like in detail.</summary>
/// <param name="EndsAtLine">Whether a directive ends with its line; else with a semicolon.</param>
/// <param name="Comments">Characters that begin a comment where a word may begin.</param>
/// <param name="Quotes">Characters that words with blanks are quoted with.</param>
internal sealed record BlockSyntax(bool EndsAtLine, string Comments, string Quotes);

/// <summary>Reads directives with blocks in braces, as keepalived and nginx have them.</summary>
internal sealed class BlockReader
{
    private readonly record struct Token(string Text, string Written, int Line, bool IsQuoted)
    {
        public bool Is(string sign) => !IsQuoted && Text == sign;
    }

    private readonly BlockSyntax _syntax;
    private readonly SourceText _text;
    private readonly List<Statement> _top = [];
    private readonly Stack<Statement> _open = [];
    private readonly List<Token> _words = [];

    private BlockReader(BlockSyntax syntax, SourceText text)
    {
        _syntax = syntax;
        _text = text;
    }

    /// <summary>The directives of the file; braces that do not match are told and survived.</summary>
    /// <exception cref="ImportException">Blocks are too deep.</exception>
    public static IReadOnlyList<Statement> Read(SourceText text, BlockSyntax syntax) => new BlockReader(syntax, text).Read();

    private List<Statement> Read()
    {
        var last = 0;
        foreach (var token in Tokens())
        {
            if (_syntax.EndsAtLine && token.Line != last && !token.Is("{"))
            {
                End("");
            }

            last = token.Line;
            if (token.Is("{"))
            {
                Open(token.Line);
            }
            else if (token.Is("}"))
            {
                Close(token.Line);
            }
            else if (token.Is(";") && !_syntax.EndsAtLine)
            {
                End(";");
            }
            else
            {
                _words.Add(token);
            }
        }

        End("")?.Remark(_syntax.EndsAtLine ? null : "its semicolon is missing");
        foreach (var open in _open)
        {
            open.LastLine = _text.Lines.Count;
            open.Remark("its closing brace is missing");
        }

        return _top;
    }

    private Statement? End(string terminator)
    {
        if (_words.Count == 0)
        {
            return null;
        }

        var statement = new Statement(
            _words[0].Line, [.. _words.Select(word => word.Text)], string.Join(' ', _words.Select(word => word.Written)) + terminator)
        {
            LastLine = _words[^1].Line,
        };
        _words.Clear();
        (_open.TryPeek(out var block) ? block.Body : _top).Add(statement);
        return statement;
    }

    private void Open(int line)
    {
        if (_open.Count >= SourceText.Deepest)
        {
            throw new ImportException($"has blocks more than {SourceText.Deepest} deep in line {line}.");
        }

        if (_words.Count == 0)
        {
            _words.Add(new Token("", "", line, IsQuoted: false));
        }

        var block = End(" { … }")!;
        block.IsBlock = true;
        _open.Push(block);
    }

    private void Close(int line)
    {
        End("")?.Remark(_syntax.EndsAtLine ? null : "its semicolon is missing");
        if (_open.TryPop(out var block))
        {
            block.LastLine = line;
            return;
        }

        var stray = new Statement(line, ["}"], "}");
        stray.Same("closes nothing");
        _top.Add(stray);
    }

    private IEnumerable<Token> Tokens()
    {
        var word = new StringBuilder();
        for (var line = 0; line < _text.Lines.Count; line++)
        {
            var text = _text.Lines[line];
            for (var i = 0; i < text.Length;)
            {
                if (char.IsWhiteSpace(text[i]))
                {
                    i++;
                }
                else if (_syntax.Comments.Contains(text[i], StringComparison.Ordinal))
                {
                    break;
                }
                else if (text[i] is '{' or '}' || (text[i] == ';' && !_syntax.EndsAtLine))
                {
                    yield return new Token(text[i].ToString(), text[i].ToString(), line + 1, IsQuoted: false);
                    i++;
                }
                else
                {
                    var start = i;
                    word.Clear();
                    var isQuoted = false;
                    var (first, from) = (line, text);
                    i = Word(ref line, ref text, i, word, ref isQuoted);
                    yield return new Token(word.ToString(), first == line ? from[start..i]
                        : $"{from[start..]} {string.Join(' ', _text.Lines.Skip(first + 1).Take(line - first - 1))} {text[..i]}", first + 1, isQuoted);
                }
            }
        }
    }

    /// <summary>Reads one word, which quotes may take over line ends, and returns where it ends.</summary>
    private int Word(ref int line, ref string text, int i, StringBuilder word, ref bool isQuoted)
    {
        var quote = '\0';
        for (; ; i++)
        {
            if (i >= text.Length)
            {
                // Within quotes of nginx a line end is a character like others; elsewhere it ends the word.
                if (quote == '\0' || _syntax.EndsAtLine || line + 1 >= _text.Lines.Count || word.Length > 64 * 1024)
                {
                    return text.Length;
                }

                word.Append('\n');
                (line, text, i) = (line + 1, _text.Lines[line + 1], -1);
                continue;
            }

            var c = text[i];
            if (quote != '\0')
            {
                if (c == '\\' && i + 1 < text.Length && text[i + 1] == quote)
                {
                    word.Append(text[++i]);
                }
                else if (c == quote)
                {
                    quote = '\0';
                }
                else
                {
                    word.Append(c);
                }
            }
            else if (_syntax.Quotes.Contains(c, StringComparison.Ordinal) && (word.Length == 0 || _syntax.EndsAtLine))
            {
                (quote, isQuoted) = (c, true);
            }
            else if (c == '$' && i + 1 < text.Length && text[i + 1] == '{' && text.IndexOf('}', i) is > 0 and var end)
            {
                word.Append(text, i, end - i + 1);
                i = end;
            }
            else if (char.IsWhiteSpace(c) || c is '{' or '}' || (c == ';' && !_syntax.EndsAtLine))
            {
                return i;
            }
            else
            {
                word.Append(c);
            }
        }
    }
}
