namespace Gateway.Import;

/// <summary>Reads the lines of a shell script far enough to find the calls of a program in it.</summary>
internal static class ShellLine
{
    private static readonly string[] _before = ["exec", "sudo", "nohup", "start-stop-daemon", "env"];

    /// <summary>One statement a line, with continued lines joined; comments are left out.</summary>
    public static IReadOnlyList<Statement> Read(SourceText text)
    {
        var statements = new List<Statement>();
        for (var i = 0; i < text.Lines.Count; i++)
        {
            var (first, line) = (i, text.Lines[i].Trim());
            while (line.EndsWith('\\') && i + 1 < text.Lines.Count && line.Length < 64 * 1024)
            {
                line = line[..^1] + "\\ " + text.Lines[++i].Trim();
            }

            if (line.Length > 0 && line[0] != '#')
            {
                statements.Add(new Statement(first + 1, Split(line), line) { LastLine = i + 1 });
            }
        }

        return statements;
    }

    /// <summary>The arguments when these words call the program; null when they do not.</summary>
    public static IReadOnlyList<string>? CallOf(IReadOnlyList<string> words, string program)
    {
        var rest = words.SkipWhile(word => _before.Contains(word)).ToList();
        if (rest.Count == 0 || rest[0].Split('/')[^1] != program)
        {
            return null;
        }

        // What comes behind is the shell's: another command, the background, an output elsewhere.
        var end = rest.FindIndex(word => word is "&" or "&&" or "||" or ";" or "|" || word.Contains('>', StringComparison.Ordinal)
            || word.StartsWith('#'));
        return rest[1..(end < 0 ? rest.Count : end)];
    }

    public static IReadOnlyList<string>? CallOf(string line, string program) => CallOf(Split(line), program);

    private static List<string> Split(string line) =>
        [.. line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Where(word => word != "\\").Select(word =>
            word.Length > 1 && word[0] is '"' or '\'' && word[^1] == word[0] ? word[1..^1] : word == "\\!" ? "!" : word.EndsWith(';') && word.Length > 1 ? word[..^1] : word)];
}
