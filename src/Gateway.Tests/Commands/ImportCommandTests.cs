using System.Text;
using System.Text.Json;
using Gateway.Commands;
using Gateway.Import;
using Gateway.Tests.Import;
using Gateway.Tests.Support;

namespace Gateway.Tests.Commands;

public class ImportCommandTests
{
    private static readonly string _article = ImportCases.Read("lvs.cf", "article");

    [Fact]
    public void Run_StandardInput_WritesConfigurationAndReport()
    {
        var (exit, output, errors) = Run(_article);

        Assert.Equal(0, exit);
        Assert.Contains("\"v6test1\": { \"Address\": \"tcp://208.109.98.246:80\"", output, StringComparison.Ordinal);
        Assert.Contains("32 directives", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_Strict_ExitsWith1WhenSomethingIsNotKept() => Assert.Equal(1, Run(_article, isStrict: true).Exit);

    [Fact]
    public void Run_Json_IsOneObject()
    {
        var (exit, output, _) = Run(_article, asJson: true);

        using var json = JsonDocument.Parse(output);
        Assert.Equal(0, exit);
        Assert.Equal("lvs.cf", json.RootElement.GetProperty("format").GetString());
        Assert.Equal(32, json.RootElement.GetProperty("directives").GetArrayLength());
        Assert.Equal(9, json.RootElement.GetProperty("directives").EnumerateArray()
            .First(row => row.GetProperty("verdict").GetString() == "approximated").GetProperty("line").GetInt32());
    }

    [Fact]
    public void Run_Files_AreWritten()
    {
        using var folder = new TemporaryFolder();
        var (input, output, report) =
            (Path.Combine(folder.Path, "lvs.cf"), Path.Combine(folder.Path, "out.json"), Path.Combine(folder.Path, "out.txt"));
        File.WriteAllText(input, _article);
        using var printed = new StringWriter();

        var exit = ImportCommand.Run(new(input, ImportFormat.LvsCf, output, report, false, false), Stream.Null, printed, printed);

        Assert.Equal((0, ""), (exit, printed.ToString()));
        Assert.Contains("v6LB", File.ReadAllText(output), StringComparison.Ordinal);
        Assert.Contains("v6LB", File.ReadAllText(report), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("\0\0\0", "zero byte")]
    [InlineData("Dear Sir,\nthis is a letter.\n", "looks like none of")]
    public void Run_NoConfiguration_ExitsWith2AndSaysWhy(string text, string why)
    {
        var (exit, output, errors) = Run(text);

        Assert.Equal((2, ""), (exit, output));
        Assert.Contains(why, errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_TooLong_ExitsWith2()
    {
        var (exit, _, errors) = Run(new string('x', SourceText.LargestBytes + 1));

        Assert.Equal(2, exit);
        Assert.Contains("more than", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_NoFile_ExitsWith2()
    {
        using var printed = new StringWriter();

        Assert.Equal(2, ImportCommand.Run(new("/no/such/file", null, null, null, false, false), Stream.Null, printed, printed));
        Assert.Contains("/no/such/file", printed.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_Directory_ExitsWith2AndSaysWhatToName()
    {
        using var printed = new StringWriter();

        Assert.Equal(2, ImportCommand.Run(new(Path.GetTempPath(), null, null, null, false, false), Stream.Null, printed, printed));
        Assert.Contains("is a directory. Name the file", printed.ToString(), StringComparison.Ordinal);
    }

    private static (int Exit, string Output, string Errors) Run(string text, bool asJson = false, bool isStrict = false)
    {
        using var input = new MemoryStream(Encoding.UTF8.GetBytes(text));
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var exit = ImportCommand.Run(new("-", null, null, null, asJson, isStrict), input, output, errors);
        return (exit, output.ToString(), errors.ToString());
    }
}
