namespace Gateway.Import.Ldirectord;

/// <summary>Reads ldirectord.cf: <c>name = value</c> lines; those that are indented belong to the <c>virtual</c> above them.</summary>
internal static class LdirectordReader
{
    private static readonly string[] _typical =
        ["virtual", "real", "checktimeout", "negotiatetimeout", "checkinterval", "autoreload", "quiescent", "fallback", "checktype", "checkport",
         "request", "receive", "service", "scheduler", "persistent", "netmask", "protocol", "virtualhost", "logfile", "emailalert",
         "failurecount", "checkcount", "cleanstop", "fork", "supervised", "servicename", "comment", "callback", "httpmethod"];

    public static double Likeness(SourceText text) => ImportFormats.ShareOfLines(
        text, line => line.Split('=', 2) is [var name, _] && _typical.Contains(name.Trim()) && !line.EndsWith('{'));

    public static IReadOnlyList<Statement> Read(SourceText text)
    {
        var top = new List<Statement>();
        for (var i = 0; i < text.Lines.Count; i++)
        {
            var line = text.Lines[i];
            var bare = line.Trim();
            if (bare.Length == 0 || bare[0] == '#')
            {
                continue;
            }

            var parts = bare.Split('=', 2);
            List<string> words = parts.Length == 2 ? [parts[0].Trim(), parts[1].Trim()] : [bare];
            var statement = new Statement(i + 1, words, bare);
            if (parts.Length != 2)
            {
                statement.Remark("'=' is missing");
            }

            var isIndented = line[0] == '\t' || line.StartsWith("    ", StringComparison.Ordinal);
            if (isIndented && top.Count > 0 && top[^1].IsBlock)
            {
                top[^1].Body.Add(statement);
                continue;
            }

            statement.IsBlock = words[0] == "virtual" || words[0] == "virtual6";
            top.Add(statement);
        }

        return top;
    }

    /// <summary>A value without its quotes.</summary>
    public static string Unquoted(string value) =>
        value.Length > 1 && value[0] is '"' or '\'' && value[^1] == value[0] ? value[1..^1] : value;
}
