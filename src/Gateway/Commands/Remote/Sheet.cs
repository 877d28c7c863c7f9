using Spectre.Console;
using Spectre.Console.Rendering;

namespace Gateway.Commands.Remote;

/// <summary>A table that never cuts what an operator types, such as ids and addresses: when a terminal is too narrow, columns
/// that matter less are left out, and then what is long is put on a line of its own.</summary>
internal sealed class Sheet
{
    private const int Gap = 2;

    private readonly List<Column> _columns = [];
    private readonly List<Cell[]> _rows = [];

    /// <param name="Name">Its heading.</param>
    /// <param name="IsRight">Whether it is of numbers.</param>
    /// <param name="Drop">The lowest is left out first; 0 never is.</param>
    /// <param name="MayMove">Whether it may be on a line of its own below the others.</param>
    private sealed record Column(string Name, bool IsRight, int Drop, bool MayMove);

    private readonly record struct Cell(string Text, Style? Style)
    {
        public int Width => new Segment(Text).CellCount();
    }

    /// <summary>Adds a column of texts.</summary>
    public Sheet Left(string name, int drop = 0, bool mayMove = false)
    {
        _columns.Add(new(name, false, drop, mayMove));
        return this;
    }

    /// <summary>Adds a column of numbers.</summary>
    public Sheet Right(string name, int drop = 0)
    {
        _columns.Add(new(name, true, drop, false));
        return this;
    }

    /// <summary>Adds a row: strings, or renderable texts with a colour.</summary>
    public void Row(params ReadOnlySpan<object?> cells)
    {
        var row = new Cell[_columns.Count];
        for (var i = 0; i < row.Length; i++)
        {
            row[i] = cells[i] is (string text, Style style) ? new(text, style) : new($"{cells[i]}", null);
        }

        _rows.Add(row);
    }

    public void Write(IAnsiConsole console)
    {
        var widths = _columns.Select((column, i) =>
            _rows.Select(row => row[i].Width).Append(new Cell(column.Name, null).Width).Max()).ToArray();
        var (shown, moved) = Fit(widths, console.Profile.Width);
        WriteLine(console, shown, widths, [.. _columns.Select(column => new Cell(column.Name, new Style(decoration: Decoration.Bold)))]);
        foreach (var row in _rows)
        {
            WriteLine(console, shown, widths, row);
            foreach (var i in moved.Where(i => row[i].Text.Length > 0))
            {
                console.Write(new Text($"   {row[i].Text}\n", row[i].Style));
            }
        }
    }

    /// <summary>Which columns are shown in a line, and which below it.</summary>
    private (List<int> Shown, List<int> Moved) Fit(int[] widths, int most)
    {
        var all = Enumerable.Range(0, _columns.Count).ToList();
        var moved = all.FindAll(i => _columns[i].MayMove);
        // The two that matter least go before anything is moved; with more of them gone a second line tells more.
        var few = Without(all, 2);
        return WidthOf(few) <= most ? (few, []) : (Without([.. all.Except(moved)], int.MaxValue), moved);

        List<int> Without(List<int> columns, int mostDropped)
        {
            var kept = columns;
            foreach (var drop in columns.Where(i => _columns[i].Drop > 0).OrderBy(i => _columns[i].Drop).Take(mostDropped))
            {
                if (WidthOf(kept) <= most)
                {
                    break;
                }

                kept = kept.FindAll(i => i != drop);
            }

            return kept;
        }

        int WidthOf(List<int> columns) => columns.Sum(i => widths[i] + Gap) - Gap;
    }

    private void WriteLine(IAnsiConsole console, List<int> shown, int[] widths, Cell[] cells)
    {
        foreach (var (place, i) in shown.Index())
        {
            var pad = new string(' ', widths[i] - cells[i].Width);
            var end = place == shown.Count - 1 ? "" : new string(' ', Gap);
            // Blanks at the end of a line would be in everybody's way.
            var text = _columns[i].IsRight ? pad + cells[i].Text + end : cells[i].Text + (end.Length > 0 ? pad + end : "");
            console.Write(text, cells[i].Style ?? Style.Plain);
        }

        console.WriteLine();
    }
}
