using System.Diagnostics;
using System.Text.Json.Nodes;
using Gateway.Commands;
using Gateway.Tests.Support;

namespace Gateway.Tests.Commands;

/// <summary>The commands that ask a running Gateway as processes, as scripts run them.</summary>
public sealed class ProgramTests(ConsoleRig rig) : IClassFixture<ConsoleRig>
{
    [Fact]
    public async Task Output_IntoAPipe_HasNoColours()
    {
        var (exit, output) = await RunAsync("show", "--url", rig.Url);

        Assert.Equal(0, exit);
        Assert.Contains("mail", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', output);
    }

    [Fact]
    public async Task GlobalOptions_MayStandBeforeTheCommand()
    {
        var (exit, output) = await RunAsync("--url", rig.Url, "--json", "config", "show");

        Assert.Equal(0, exit);
        Assert.NotNull(JsonNode.Parse(output)!["ReverseProxy"]);
    }

    [Fact]
    public async Task Config_MayStandBeforeAnyCommand()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "f.json");
        await File.WriteAllTextAsync(file, "{ }");

        var (exit, token) = await RunAsync("--config", file, "passwd", "--token", "ci");

        Assert.Equal(0, exit);
        Assert.StartsWith("gw_ci.", token, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("-c", file, "check", file)).Exit);
    }

    [Theory]
    [InlineData("--url X status", "status --url X")]
    [InlineData("-u X -j show mail", "show mail -u X -j")]
    [InlineData("--url=X drain web --wait", "drain web --wait --url=X")]
    [InlineData("status --url X", "status --url X")]
    [InlineData("--url X", "--url X")]
    [InlineData("--config a.json run", "--config a.json run")]
    public void GlobalOptions_AreMovedBehindTheCommand(string typed, string parsed) =>
        Assert.Equal(parsed, string.Join(' ', CommandLine.WithGlobalsBehind(typed.Split(' '))));

    [Theory]
    [InlineData("", true, null)]
    [InlineData("run", true, null)]
    [InlineData("run --config a.json", true, "a.json")]
    [InlineData("-c a.json", true, "a.json")]
    [InlineData("run -c", false, null)]
    [InlineData("run -c -x", false, null)]
    [InlineData("run -c @a", false, null)]
    [InlineData("run --help", false, null)]
    [InlineData("run run", false, null)]
    [InlineData("-c a.json run", false, null)]
    [InlineData("run -c a.json -c b.json", false, null)]
    public void Run_IsUnderstoodWithoutTheParserWhenThereIsNoDoubt(string typed, bool isPlain, string? expected)
    {
        Assert.Equal(isPlain, CommandLine.IsPlainRun(typed.Split(' ', StringSplitOptions.RemoveEmptyEntries), out var file));
        Assert.Equal(expected, file);
    }

    private static async Task<(int Exit, string Output)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Gateway.dll"), .. arguments]) { RedirectStandardOutput = true };
        start.Environment["TERM"] = "xterm-256color";
        start.Environment["COLORTERM"] = "truecolor";
        start.Environment.Remove("NO_COLOR");
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return (process.ExitCode, output);
    }
}
