namespace Gateway.Import;

/// <summary>Turns the configuration of another load balancer into one of Gateway and a report on every directive.</summary>
internal static class Importer
{
    /// <param name="text">The file.</param>
    /// <param name="format">What it is; null looks at the content.</param>
    /// <param name="source">Its name, for the comment at the top.</param>
    /// <exception cref="ImportException">The file cannot be read as what it is said to be, or looks like nothing known.</exception>
    public static ImportResult Import(SourceText text, ImportFormat? format, string source)
    {
        var known = format ?? ImportFormats.Guess(text) ?? throw new ImportException(
            $"looks like none of {string.Join(", ", ImportFormats.Names)}. Say with --from what it is.");
        var draft = new Draft();
        var statements = ImportFormats.Read(known, text, draft);
        var report = new Report(statements);
        string[] head =
        [
            $"Imported from {source}, read as {ImportFormats.NameOf(known)}.",
            $"{ReportText.Summary(report)}.",
            "Keys are described in docs/configuration.md; 'gateway check' tries a file without starting anything.",
        ];
        return new ImportResult(known, DraftText.Of(draft, head), report);
    }
}
