namespace Gateway.Import.Ipvs;

/// <summary>Reads the commands that <c>ipvsadm-save</c> writes, or that somebody wrote for <c>ipvsadm --restore</c>: one a line, with or
/// without the word <c>ipvsadm</c> before it.</summary>
internal static class IpvsadmReader
{
    public static double Likeness(SourceText text) => ImportFormats.ShareOfLines(text, line =>
    {
        var words = Split(line);
        return words.Count > 1 && words[0] is "-A" or "-a" or "--add-service" or "--add-server" or "-E" or "-e" or "-C" or "--clear" or "--set";
    });

    public static IReadOnlyList<Statement> Read(SourceText text)
    {
        var statements = new List<Statement>();
        for (var i = 0; i < text.Lines.Count; i++)
        {
            var line = text.Lines[i].Trim();
            if (line.Length > 0 && line[0] != '#')
            {
                statements.Add(new Statement(i + 1, Split(line), line));
            }
        }

        return statements;
    }

    private static List<string> Split(string line)
    {
        var words = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries).ToList();
        return words is ["ipvsadm" or "/sbin/ipvsadm" or "/usr/sbin/ipvsadm", ..] ? words[1..] : words;
    }
}
