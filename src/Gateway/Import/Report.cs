namespace Gateway.Import;

/// <summary>What became of every directive of an imported file.</summary>
internal sealed class Report
{
    /// <summary>What became of one directive.</summary>
    /// <param name="Line">The line it begins in, from 1.</param>
    /// <param name="LastLine">The line it ends in.</param>
    /// <param name="Text">The directive as written, on one line; of a block the header and braces.</param>
    /// <param name="Verdict">How much of it is kept.</param>
    /// <param name="Note">What differs, or why; empty when nothing does.</param>
    internal sealed record Row(int Line, int LastLine, string Text, Verdict Verdict, string Note);

    public Report(IEnumerable<Statement> statements) =>
        Rows = [.. statements.SelectMany(s => s.All()).OrderBy(s => s.Line)
            .Select(s => new Row(s.Line, s.LastLine, s.Text, s.Verdict, s.Note))];

    /// <summary>One row for each directive, in the order of the file.</summary>
    public IReadOnlyList<Row> Rows { get; }

    public int Count(Verdict verdict) => Rows.Count(row => row.Verdict == verdict);
}
