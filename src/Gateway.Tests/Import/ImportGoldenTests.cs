using System.Text;
using System.Text.RegularExpressions;
using Gateway.Commands;
using Gateway.Configuration;
using Gateway.Http;
using Gateway.Import;
using Gateway.Tests.Simulation;

namespace Gateway.Tests.Import;

/// <summary>What must hold for every file of every format.</summary>
public sealed partial class ImportGoldenTests : IDisposable
{
    /// <summary>What mean something in one format or another.</summary>
    private const string Signs = "{};\"'\\#=:-0 9é";

    private const string Word = "-zzz";

    private readonly YarpCheck _yarp = new();

    [Theory]
    [MemberData(nameof(ImportCases.All), MemberType = typeof(ImportCases))]
    public void Import_Golden_ConfigurationAndReportAreAsRecorded(string format, string name)
    {
        var result = ImportCases.Import(ImportCases.Read(format, name), format, name);

        Repository.AssertFile(ImportCases.GoldenFile(format, name, ".json"), result.Configuration);
        Repository.AssertFile(
            ImportCases.GoldenFile(format, name, ".report"), ReportText.Of(result.Report, name + ".in", result.Format));
    }

    [Theory]
    [MemberData(nameof(ImportCases.All), MemberType = typeof(ImportCases))]
    public void Import_Golden_GatewayTakesTheConfiguration(string format, string name)
    {
        var result = ImportCases.Import(ImportCases.Read(format, name), format, name);

        Assert.Equal([], ErrorsOf(result.Configuration));
    }

    [Theory]
    [MemberData(nameof(ImportCases.All), MemberType = typeof(ImportCases))]
    public void Import_Golden_EveryTokenOfTheFileIsInTheReport(string format, string name)
    {
        var text = ImportCases.Read(format, name);
        var rows = ImportCases.Import(text, format, name).Report.Rows;
        var missing = new List<string>();
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var told = rows.Where(row => row.Line <= i + 1 && row.LastLine >= i + 1).Select(row => row.Text).ToList();
            missing.AddRange(WithoutComment(lines[i], format)
                .Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)
                .Where(token => !told.Exists(row => row.Contains(token, StringComparison.Ordinal)))
                .Select(token => $"line {i + 1}: {token}"));
        }

        Assert.Equal([], missing);
    }

    [Theory]
    [MemberData(nameof(ImportCases.All), MemberType = typeof(ImportCases))]
    public void Import_Golden_WhatIsNotTheSameSaysWhy(string format, string name)
    {
        var rows = ImportCases.Import(ImportCases.Read(format, name), format, name).Report.Rows;

        Assert.DoesNotContain(rows, row => row.Verdict != Verdict.Same && row.Note.Length == 0);
        Assert.DoesNotContain(rows, row => row.Verdict == Verdict.Same && row.Note.Length > 0);
    }

    /// <summary>A word that means nothing, put behind each directive that is kept whole: what reads no further than it knows would drop
    /// a word that means something as well.</summary>
    [Theory]
    [MemberData(nameof(ImportCases.All), MemberType = typeof(ImportCases))]
    public void Import_WordThatMeansNothing_IsToldOrChangesTheConfiguration(string format, string name)
    {
        var text = ImportCases.Read(format, name);
        var before = ImportCases.Import(text, format, name);
        var dropped = new List<string>();
        foreach (var row in before.Report.Rows.Where(row => row.Verdict is Verdict.Same or Verdict.SameWithNote && row.Text != "}"))
        {
            if (WithWord(text, row) is not { } changed)
            {
                continue;
            }

            var after = ImportCases.Import(changed, format, name);
            var told = after.Report.Rows.Where(other => other.Line == row.Line && other.Text.Contains(Word, StringComparison.Ordinal)).ToList();
            if (BelowTheHead(after.Configuration) == BelowTheHead(before.Configuration)
                && (told.Count == 0 || told.Exists(other => other.Verdict == Verdict.Same || (row.Verdict == Verdict.Same && other.Note.Length == 0))))
            {
                dropped.Add($"line {row.Line}: {row.Text}");
            }
        }

        Assert.Equal([], dropped);
    }

    [Theory]
    [MemberData(nameof(ImportCases.All), MemberType = typeof(ImportCases))]
    public void Import_OtherLineEnds_SameConfiguration(string format, string name)
    {
        var text = ImportCases.Read(format, name);
        var configuration = ImportCases.Import(text, format, name).Configuration;

        Assert.Equal(BelowTheHead(configuration), BelowTheHead(
            ImportCases.Import(text.ReplaceLineEndings("\r\n"), format, name).Configuration));
        Assert.Equal(BelowTheHead(configuration), BelowTheHead(
            ImportCases.Import(text.ReplaceLineEndings("\r"), format, name).Configuration));
    }

    [Theory]
    [MemberData(nameof(ImportCases.All), MemberType = typeof(ImportCases))]
    public void Import_FormatNotNamed_IsGuessed(string format, string name) => Assert.Equal(
        ImportFormats.Parse(format), ImportFormats.Guess(SourceText.Of(ImportCases.Read(format, name))));

    /// <summary>Files with lines lost, doubled, cut and changed: an error or a configuration that Gateway takes.</summary>
    [Theory]
    [MemberData(nameof(ImportCases.All), MemberType = typeof(ImportCases))]
    public void Import_DamagedFile_NeverMakesAWrongConfiguration(string format, string name)
    {
        var text = ImportCases.Read(format, name);
        for (var seed = 0; seed < 40; seed++)
        {
            var damaged = Damage(text, new Random(seed));
            try
            {
                Assert.Equal([], ErrorsOf(ImportCases.Import(damaged, format, name).Configuration));
            }
            catch (ImportException)
            {
                // Told to the user, and nothing is made.
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"With seed {seed}:\n{damaged}", e);
            }
        }
    }

    public void Dispose() => _yarp.Dispose();

    /// <summary>The file with the word behind a directive; null where it is not written in one piece.</summary>
    private static string? WithWord(string text, Report.Row row)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var written = row.Text.EndsWith(" { … }", StringComparison.Ordinal) ? row.Text[..^6]
            : row.Text.EndsWith("{ … }", StringComparison.Ordinal) ? row.Text[..^5].TrimEnd() : row.Text.TrimEnd(';');
        written = written.TrimEnd('{', ' ');
        var at = lines[row.Line - 1].IndexOf(written, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        lines[row.Line - 1] = lines[row.Line - 1].Insert(at + written.Length, " " + Word);
        return string.Join('\n', lines);
    }

    private static string Damage(string text, Random random)
    {
        var lines = text.Split('\n').ToList();
        for (var i = random.Next(1, 5); i > 0 && lines.Count > 1; i--)
        {
            var at = random.Next(lines.Count);
            var line = lines[at];
            var cut = random.Next(line.Length + 1);
            switch (random.Next(6))
            {
                case 0:
                    lines.RemoveAt(at);
                    break;
                case 1:
                    lines.Insert(random.Next(lines.Count), line);
                    break;
                case 2:
                    lines[at] = line[..cut];
                    break;
                case 3:
                    lines[at] = line.Insert(cut, Signs[random.Next(Signs.Length)].ToString());
                    break;
                case 4:
                    lines[at] = line.Replace('1', (char)('0' + random.Next(10)));
                    break;
                default:
                    lines[at] = string.Join(' ', line.Split(' ').OrderBy(_ => random.Next()));
                    break;
            }
        }

        return string.Join('\n', lines);
    }

    private IEnumerable<string> ErrorsOf(string configuration) =>
        new ConfigurationLoader(checks: _yarp.Check).Load(Encoding.UTF8.GetBytes(configuration), "import").Errors
            .Where(error => !ImportCommand.IsOfThisMachine(error)).Select(error => error.ToString());

    private static string BelowTheHead(string configuration) => configuration[configuration.IndexOf("\n{", StringComparison.Ordinal)..];

    /// <summary>The line without what its format takes for a comment, seen without any help of the reader's.</summary>
    private static string WithoutComment(string line, string format) => format switch
    {
        "lvs.cf" => line.TrimStart().StartsWith('#') ? "" : line,
        "keepalived" => KeepalivedComment().Replace(line, ""),
        "ipvsadm-save" or "balance" or "pen" => line.TrimStart().StartsWith('#') ? "" : line,
        _ => HashComment().Replace(line, ""),
    };

    [GeneratedRegex(@"(^|\s)[#!].*$")]
    private static partial Regex KeepalivedComment();

    [GeneratedRegex(@"(^|\s)#.*$")]
    private static partial Regex HashComment();
}
