namespace Gateway.Import.Haproxy;

/// <summary>Reads haproxy.cfg: sections begin at a keyword, and everything up to the next is in them.</summary>
internal static class HaproxyReader
{
    private static readonly string[] _sections =
        ["global", "defaults", "frontend", "backend", "listen", "peers", "resolvers", "userlist", "mailers", "program", "http-errors",
         "cache", "ring", "log-forward", "fcgi-app", "crt-store", "traces", "acme", "log-profile"];

    private static readonly string[] _typical =
        ["bind", "server", "mode", "balance", "option", "timeout", "acl", "use_backend", "default_backend", "maxconn", "log", "http-request",
         "http-response", "tcp-request", "http-check", "tcp-check", "stick-table", "stick", "stats", "errorfile", "retries", "cookie",
         "default-server", "daemon", "chroot"];

    /// <summary>Lines that may refuse traffic.</summary>
    private static readonly string[] _refusing =
        ["http-request", "tcp-request", "http-response", "tcp-response", "acl", "block", "redirect", "reqdeny", "reqideny", "reqtarpit", "reqitarpit"];

    public static double Likeness(SourceText text) => !text.Lines.Any(IsHeader) ? 0 : ImportFormats.ShareOfLines(text, line =>
    {
        var words = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        return !line.EndsWith('{') && !line.EndsWith(';') && !line.Contains('=', StringComparison.Ordinal)
            && (_sections.Contains(words[0]) || _typical.Contains(words[0]));
    });

    private static bool IsHeader(string line) =>
        _sections.Contains(line.Split((char[])[' ', '\t'], 2, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault());

    /// <summary>The sections, with their lines in them.</summary>
    public static IReadOnlyList<Statement> Read(SourceText text)
    {
        var top = new List<Statement>();
        for (var i = 0; i < text.Lines.Count; i++)
        {
            var line = HaproxyLine.Of(text.Lines[i]);
            if (line.Words.Count == 0)
            {
                continue;
            }

            var isSection = _sections.Contains(line.Words[0]);
            // With its variables as they are written it would mean something else: a line has no words then, and a section keeps its lines.
            var statement = new Statement(i + 1, line.Variables.Count > 0 && !isSection ? [] : line.Words, line.Written);
            if (line.Variables.Count > 0)
            {
                statement.Impossible(Unknown(line));
            }

            if (isSection)
            {
                statement.IsBlock = true;
                top.Add(statement);
            }
            else if (top.Count == 0 || !top[^1].IsBlock)
            {
                top.Add(statement);
            }
            else
            {
                top[^1].Body.Add(statement);
            }
        }

        return top;
    }

    /// <summary>Variables are haproxy's at its start. What they are where the file is imported may be something else, and a secret.</summary>
    private static string Unknown(HaproxyLine line) =>
        $"{string.Join(", ", line.Variables)}: what a variable of the environment is, the import does not know; write its value here and import the file again. "
        + (_sections.Contains(line.Words[0]) ? "Until then it is part of the name" : "Until then the line is left out")
        + (_refusing.Contains(line.Words[0]) ? ", and what it refuses, Gateway LETS THROUGH" : "");
}
