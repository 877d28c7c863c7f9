using System.Globalization;
using System.Text;

namespace Gateway.Import;

/// <summary>Writes a report for people: a summary, then each directive with its line, its verdict and the note.</summary>
internal static class ReportText
{
    private const int Width = 80;
    private const int Indent = 8;

    public static string Word(Verdict verdict) => verdict switch
    {
        Verdict.Same => "same",
        Verdict.SameWithNote => "same, note",
        Verdict.Approximated => "approximated",
        _ => "impossible",
    };

    public static string Of(Report report, string source, ImportFormat format)
    {
        var text = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"{source}, read as {ImportFormats.NameOf(format)}: {Summary(report)}\n\n");
        foreach (var row in report.Rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"{row.Line,6}  {Word(row.Verdict),-12}  {row.Text}\n");
            foreach (var line in Wrap(row.Note))
            {
                text.Append(' ', Indent).Append("  ").Append(line).Append('\n');
            }
        }

        return text.ToString();
    }

    /// <summary>How many directives got which verdict.</summary>
    public static string Summary(Report report) => string.Create(CultureInfo.InvariantCulture,
        $"{report.Rows.Count} directives: {report.Count(Verdict.Same)} same, {report.Count(Verdict.SameWithNote)} same with a note, "
        + $"{report.Count(Verdict.Approximated)} approximated, {report.Count(Verdict.Impossible)} impossible");

    private static IEnumerable<string> Wrap(string note)
    {
        var line = new StringBuilder();
        foreach (var word in note.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && Indent + 3 + line.Length + word.Length > Width)
            {
                yield return line.ToString();
                line.Clear();
            }

            line.Append(line.Length > 0 ? " " : "").Append(word);
        }

        if (line.Length > 0)
        {
            yield return line.ToString();
        }
    }
}
