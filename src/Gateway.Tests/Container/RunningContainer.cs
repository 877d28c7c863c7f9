using System.Globalization;
using System.Net;
using System.Runtime.Versioning;
using Gateway.Tests.Support;

namespace Gateway.Tests.Container;

/// <summary>
/// A container that runs the image's entry point as the image's user, without any capability and without a file that it
/// could write.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class RunningContainer : IAsyncDisposable
{
    private const string User = "1654";
    private const string EntryPoint = "/app/Gateway";

    private readonly string _container;
    private readonly string _configurationDirectory;
    private readonly string _mark;
    private readonly DebianProcess _engine;

    private RunningContainer(string container, string configurationDirectory, string[] arguments)
    {
        _container = container;
        _configurationDirectory = configurationDirectory;
        _mark = arguments[^1];
        _engine = DebianProcess.Start("buildah", RunArguments(arguments));
    }

    /// <summary>Starts it; the last argument must be one that no other process has, for it is found by that.</summary>
    public static async Task<RunningContainer> StartAsync(
        string image, string configurationDirectory, params string[] arguments)
    {
        var container = await Buildah.RunAsync("from", "--pull-never", image);
        await MakeReadOnlyAsync(container);
        return new RunningContainer(container, configurationDirectory, arguments);
    }

    /// <summary>Waits for Gateway to listen there; fails with what it printed.</summary>
    public Task WaitUntilListeningAsync(int port) => _engine.WaitUntilListeningAsync(new(IPAddress.Loopback, port));

    /// <summary>Runs another command of the entry point beside the first, to its end.</summary>
    public Task<(int ExitCode, string Output, string Errors)> ExecuteAsync(params string[] arguments) =>
        Buildah.TryAsync(RunArguments(arguments));

    /// <summary>Lines of <c>/proc/PID/status</c> of the Gateway process.</summary>
    public IReadOnlyDictionary<string, string> Status() =>
        File.ReadLines($"/proc/{FindGateway()!.Value}/status")
            .Select(line => line.Split(':', 2))
            .ToDictionary(pair => pair[0], pair => pair[1].Trim());

    /// <summary>Sends SIGTERM to the Gateway process and returns the exit code it ends with.</summary>
    public async Task<int> TerminateAsync()
    {
        await SignalAsync("-TERM");
        return await _engine.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        // Before buildah, which would leave its grandchild behind.
        await SignalAsync("-KILL");
        await _engine.DisposeAsync();
        await Buildah.RunAsync("rm", _container);
    }

    // buildah has no read-only mode. These two are what the image's user may write to, all else belongs to root.
    private static async Task MakeReadOnlyAsync(string container)
    {
        var root = await Buildah.RunAsync("mount", container);
        foreach (var directory in new[] { "tmp", "home/app" })
        {
            File.SetUnixFileMode(Path.Combine(root, directory), (UnixFileMode)0b101_101_101);
        }
    }

    private string[] RunArguments(string[] arguments) =>
    [
        "run", "--isolation", "chroot", "--user", User, "--cap-drop", "all",
        "--volume", $"{_configurationDirectory}:/etc/gateway:ro", _container, "--", EntryPoint, .. arguments,
    ];

    private async Task SignalAsync(string signal)
    {
        if (FindGateway() is { } id)
        {
            await using var kill = DebianProcess.Start("kill", signal, id.ToString(CultureInfo.InvariantCulture));
            await kill.WaitForExitAsync();
        }
    }

    // With chroot isolation the process is one of the host, a grandchild of buildah. Buildah's own processes have the same
    // argument among theirs, but begin with another.
    private int? FindGateway()
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var id)
                && CommandLineOf(directory) is [EntryPoint, .., var last]
                && last == _mark)
            {
                return id;
            }
        }

        return null;
    }

    private static string[] CommandLineOf(string processDirectory)
    {
        try
        {
            return File.ReadAllText(Path.Combine(processDirectory, "cmdline"))
                .Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // Ended meanwhile.
        }
    }
}
