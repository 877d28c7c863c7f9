using System.Text;
using Gateway.Processes;
using Gateway.Tests.Support;

namespace Gateway.Tests.Processes;

public class ChildProcessTests
{
    private static readonly TimeSpan _long = TimeSpan.FromSeconds(30);

    [LinuxTheory]
    [InlineData("exit 0", 0, "")]
    [InlineData("exit 255", 255, "")]
    [InlineData("echo one; echo two; exit 7", 7, "one\ntwo\n")]
    [InlineData("cat", 0, "")]
    [InlineData("echo wrong >&2", 0, "")]
    [InlineData("echo $GATEWAY_PORT", 0, "81\n")]
    public async Task Run_Script_ExitsWithCodeAndOutput(string script, int code, string output)
    {
        var exit = await RunAsync("sh", "-c", script);

        Assert.Equal(code, exit.Code);
        Assert.Equal(output, Encoding.UTF8.GetString(exit.Output));
        Assert.Null(exit.Problem);
    }

    [LinuxFact]
    public async Task Run_Words_ArePassedAsTheyAre()
    {
        var exit = await RunAsync("printf", "%s|", "a b", "$HOME", "*", "häuser", "");

        Assert.Equal("a b|$HOME|*|häuser||", Encoding.UTF8.GetString(exit.Output));
    }

    [LinuxFact]
    public async Task Run_MuchOutput_IsReadToTheEndAndCut()
    {
        var exit = await RunAsync("sh", "-c", "head -c 300000 /dev/zero; exit 4");

        Assert.Equal(4, exit.Code);
        Assert.Equal(100, exit.Output.Length);
    }

    // A program that finds its output not blocking takes the full pipe for an error.
    [LinuxFact]
    public async Task Run_MoreOutputThanThePipeHolds_IsWaitedFor()
    {
        var exit = await RunAsync("seq", "1", "200000");

        Assert.Equal(0, exit.Code);
        Assert.StartsWith("1\n2\n3\n", Encoding.UTF8.GetString(exit.Output), StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task Run_NeverStopsWriting_IsKilledAtTheDeadline()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        var exit = await ChildProcess.RunAsync(["yes"], new Dictionary<string, string>(), 100, deadline.Token);

        Assert.Equal("killed at the deadline", exit.Problem);
    }

    [LinuxTheory]
    [InlineData("/nowhere/nothing")]
    [InlineData("/etc/passwd")]
    public async Task Run_NoProgram_SaysWhy(string program)
    {
        var exit = await RunAsync(program);

        Assert.False(exit.IsStarted);
        Assert.StartsWith("cannot be started: ", exit.Problem, StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task Run_KilledByASignal_SaysSo() =>
        Assert.Equal("ended by a signal", (await RunAsync("sh", "-c", "kill -9 $$")).Problem);

    [LinuxFact]
    public async Task Run_Environment_HoldsNothingOfOurOwn()
    {
        Environment.SetEnvironmentVariable("GATEWAY_TEST_SECRET", "password");

        var exit = await RunAsync("env");

        Assert.DoesNotContain("password", Encoding.UTF8.GetString(exit.Output), StringComparison.Ordinal);
    }

    // The command starts another one in the background and hangs; both must be gone.
    [LinuxFact]
    public async Task Run_Deadline_KillsTheWholeGroup()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "pid");
        using var deadline = new CancellationTokenSource();
        var run = ChildProcess.RunAsync(
            ["sh", "-c", $"sleep 600 & echo $! > {file}.new; mv {file}.new {file}; sleep 600"], new Dictionary<string, string>(), 100, deadline.Token);
        await Eventually.TrueAsync(() => File.Exists(file), "the command runs");
        var child = (await File.ReadAllTextAsync(file)).Trim();

        await deadline.CancelAsync();
        var exit = await run;

        Assert.Equal("killed at the deadline", exit.Problem);
        await Eventually.TrueAsync(() => IsGone(child), "the child is gone");
    }

    [LinuxFact]
    public async Task Run_LeavesAProcessBehind_ItIsKilledToo()
    {
        var exit = await RunAsync("sh", "-c", "sleep 600 >/dev/null & echo $!");

        await Eventually.TrueAsync(() => IsGone(Encoding.UTF8.GetString(exit.Output).Trim()), "the child is gone");
    }

    // A dead process that nobody has waited for yet is a zombie.
    private static bool IsGone(string pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/stat").Split(") ")[1][0] == 'Z';
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static async Task<ChildExit> RunAsync(params string[] words)
    {
        using var deadline = new CancellationTokenSource(_long);
        return await ChildProcess.RunAsync(
            words, new Dictionary<string, string> { ["GATEWAY_PORT"] = "81" }, 100, deadline.Token);
    }
}
