using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Import;

/// <summary>Writes a report for programs.</summary>
internal static class ReportJson
{
    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    /// <remarks>Verdicts are <c>same</c>, <c>same-with-note</c>, <c>approximated</c> and <c>impossible</c>.</remarks>
    public static string Of(ImportResult result, string source) => new JsonObject
    {
        ["source"] = source,
        ["format"] = ImportFormats.NameOf(result.Format),
        ["counts"] = new JsonObject(Enum.GetValues<Verdict>().Select(verdict =>
            KeyValuePair.Create(Word(verdict), (JsonNode?)result.Report.Count(verdict)))),
        ["directives"] = new JsonArray([.. result.Report.Rows.Select(row => new JsonObject
        {
            ["line"] = row.Line,
            ["lastLine"] = row.LastLine,
            ["text"] = row.Text,
            ["verdict"] = Word(row.Verdict),
            ["note"] = row.Note,
        })]),
        ["configuration"] = result.Configuration,
    }.ToJsonString(_indented) + "\n";

    private static string Word(Verdict verdict) =>
        verdict == Verdict.SameWithNote ? "same-with-note" : ReportText.Word(verdict);
}
