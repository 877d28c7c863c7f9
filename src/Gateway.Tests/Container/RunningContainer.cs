using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;

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
    private readonly Process _engine;
    private readonly ConcurrentQueue<string> _lines = [];

    private RunningContainer(string container, string configurationDirectory, string[] arguments)
    {
        _container = container;
        _configurationDirectory = configurationDirectory;
        _mark = arguments[^1];
        _engine = Buildah.Start(RunArguments(arguments));
        _engine.OutputDataReceived += (_, line) => _lines.Enqueue(line.Data ?? "");
        _engine.ErrorDataReceived += (_, line) => _lines.Enqueue(line.Data ?? "");
        _engine.BeginOutputReadLine();
        _engine.BeginErrorReadLine();
    }

    /// <summary>What Gateway printed so far.</summary>
    public string Log => string.Join('\n', _lines);

    /// <summary>Starts it; the last argument must be one that no other process has, for it is found by that.</summary>
    public static async Task<RunningContainer> StartAsync(
        string image, string configurationDirectory, params string[] arguments)
    {
        var container = await Buildah.RunAsync("from", "--pull-never", image);
        await MakeReadOnlyAsync(container);
        return new RunningContainer(container, configurationDirectory, arguments);
    }

    /// <summary>Runs another command of the entry point beside the first and returns its exit code.</summary>
    public async Task<int> ExecuteAsync(params string[] arguments)
    {
        using var process = Buildah.Start(RunArguments(arguments));
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        await Task.WhenAll(output, errors);
        return process.ExitCode;
    }

    /// <summary>Lines of <c>/proc/PID/status</c> of the Gateway process.</summary>
    public IReadOnlyDictionary<string, string> Status() =>
        File.ReadLines($"/proc/{FindGateway()!.Value}/status")
            .Select(line => line.Split(':', 2))
            .ToDictionary(pair => pair[0], pair => pair[1].Trim());

    /// <summary>Sends SIGTERM to the Gateway process and returns the exit code it ends with.</summary>
    public async Task<int> TerminateAsync(CancellationToken deadline)
    {
        await SignalAsync("-TERM");
        await _engine.WaitForExitAsync(deadline);
        return _engine.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_engine.HasExited)
        {
            await SignalAsync("-KILL");
            await _engine.WaitForExitAsync();
        }

        _engine.Dispose();
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
        "run", "--user", User, "--cap-drop", "all", "--volume", $"{_configurationDirectory}:/etc/gateway:ro",
        _container, "--", EntryPoint, .. arguments,
    ];

    private async Task SignalAsync(string signal)
    {
        if (FindGateway() is { } id)
        {
            using var kill = Process.Start("kill", [signal, id.ToString(CultureInfo.InvariantCulture)]);
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
                && CommandLine(directory) is [var program, .., var last]
                && program == EntryPoint
                && last == _mark)
            {
                return id;
            }
        }

        return null;
    }

    private static string[] CommandLine(string processDirectory)
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
