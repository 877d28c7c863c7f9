using System.Text;
using Gateway.Hosting;

namespace Gateway.Commands.Remote;

/// <summary>Reads a line from a terminal: arrows, Home, End, Backspace, Delete, history with the arrows, completion with Tab.</summary>
internal sealed class LineEditor
{
    private const int MostLines = 500;

    private readonly List<string> _history = [];
    private readonly StringBuilder _line = new();
    private int _at;
    private int _shown;

    /// <summary>The line, or null at Ctrl+D in an empty one.</summary>
    /// <param name="prompt">What is written before it.</param>
    /// <param name="complete">What may be in place of the last word of what is typed so far.</param>
    public string? Read(string prompt, Func<string, IReadOnlyList<string>> complete)
    {
        _line.Clear();
        _at = 0;
        var recalled = _history.Count;
        Draw(prompt);
        while (true)
        {
            var key = Console.ReadKey(intercept: true);
            switch (key.Key)
            {
                case ConsoleKey.Enter:
                    Console.WriteLine();
                    return Remember();
                case ConsoleKey.D when key.Modifiers == ConsoleModifiers.Control && _line.Length == 0:
                    Console.WriteLine();
                    return null;
                case ConsoleKey.U when key.Modifiers == ConsoleModifiers.Control:
                    Put("");
                    break;
                case ConsoleKey.UpArrow when recalled > 0:
                    Put(_history[--recalled]);
                    break;
                case ConsoleKey.DownArrow when recalled < _history.Count:
                    recalled++;
                    Put(recalled < _history.Count ? _history[recalled] : "");
                    break;
                case ConsoleKey.Tab:
                    Complete(complete);
                    break;
                default:
                    Edit(key);
                    break;
            }

            Draw(prompt);
        }
    }

    private void Edit(ConsoleKeyInfo key)
    {
        switch (key.Key)
        {
            case ConsoleKey.LeftArrow:
                _at = Math.Max(_at - 1, 0);
                break;
            case ConsoleKey.RightArrow:
                _at = Math.Min(_at + 1, _line.Length);
                break;
            case ConsoleKey.Home:
                _at = 0;
                break;
            case ConsoleKey.End:
                _at = _line.Length;
                break;
            case ConsoleKey.Backspace when _at > 0:
                _line.Remove(--_at, 1);
                break;
            case ConsoleKey.Delete when _at < _line.Length:
                _line.Remove(_at, 1);
                break;
            default:
                if (!char.IsControl(key.KeyChar))
                {
                    _line.Insert(_at++, key.KeyChar);
                }

                break;
        }
    }

    private void Complete(Func<string, IReadOnlyList<string>> complete)
    {
        var typed = _line.ToString(0, _at);
        var choices = complete(typed);
        if (choices.Count == 0)
        {
            return;
        }

        var start = typed.LastIndexOf(' ') + 1;
        var common = choices.Aggregate((one, other) => new string([.. one.TakeWhile((c, i) => i < other.Length && other[i] == c)]));
        // After a cluster its destination follows, in the same word.
        var text = choices.Count == 1 && !common.EndsWith('/') ? common + " " : common;
        if (text.Length > _at - start)
        {
            _line.Remove(start, _at - start).Insert(start, text);
            _at = start + text.Length;
        }
        else
        {
            Console.WriteLine();
            Console.WriteLine(Printable.Of(string.Join("  ", choices)));
            _shown = 0;
        }
    }

    private string Remember()
    {
        var line = _line.ToString();
        if (line.Trim().Length > 0 && (_history.Count == 0 || _history[^1] != line))
        {
            _history.Add(line);
            if (_history.Count > MostLines)
            {
                _history.RemoveAt(0);
            }
        }

        _shown = 0;
        return line;
    }

    private void Put(string text)
    {
        _line.Clear().Append(text);
        _at = text.Length;
    }

    /// <summary>Writes the line over what was shown, and the cursor where it belongs.</summary>
    private void Draw(string prompt)
    {
        var text = Printable.Of(prompt + _line);
        Console.Write('\r' + text.PadRight(_shown) + '\r' + Printable.Of(prompt + _line.ToString(0, _at)));
        _shown = text.Length;
    }
}
