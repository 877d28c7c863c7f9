using System.Runtime.InteropServices;
using Gateway.Configuration;
using Gateway.Tests.Support;

namespace Gateway.Tests.Configuration;

/// <summary>Real files and links; the looks, four a second in the program, are made by hand.</summary>
[Collection("SIGHUP")] // It reaches every Gateway of the process.
public sealed partial class ConfigurationReloaderTests : IDisposable
{
    private const int LooksInTwoSeconds = 8;
    private const int SigHup = 1;
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);
    private readonly TemporaryFolder _folder = new();
    private readonly LogRecorder<ConfigurationReloader> _log = new();
    private readonly List<int> _applied = [];
    private readonly SemaphoreSlim _isApplied = new(0);
    private readonly string _file;
    private int _stamp;
    private string? _refusal;
    private Exception? _exception;
    private ConfigurationInForce _inForce = null!;

    public ConfigurationReloaderTests() => _file = Path.Combine(_folder.Path, "appsettings.json");

    [Fact]
    public async Task Edit_IsApplied()
    {
        using var reloader = Started(weight: 1);

        Write(_file, weight: 2);
        await LookAsync(reloader);

        Assert.Equal([2], _applied);
        Assert.Equal(2, reloader.Status.Successes);
        Assert.Matches("applied revision [0-9a-f]{12}. Clusters: 2, virtual servers: 1.", Assert.Single(_log.Lines));
    }

    [Fact]
    public async Task Unchanged_IsNotAppliedAgain()
    {
        using var reloader = Started(weight: 1);

        await LookAsync(reloader);

        Assert.Empty(_applied);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task Requested_WhileAChangeWaitsToBeConfirmed_LeavesIt_UnlessTheFileHasChanged()
    {
        using var reloader = Started(weight: 1);
        var waiting = await ChangeAsync(reloader, weight: 9);
        _applied.Clear();

        reloader.RequestReload();
        await LookAsync(reloader);
        Assert.Empty(_applied);
        Assert.Equal(waiting, reloader.Status.Revision);
        Assert.Contains("waits to be confirmed", Assert.Single(_log.Lines), StringComparison.Ordinal);

        Write(_file, weight: 2);
        reloader.RequestReload();
        await LookAsync(reloader);
        Assert.Equal([2], _applied);

        reloader.RequestReload();
        await LookAsync(reloader);
        Assert.Equal([2, 2], _applied);
    }

    [Fact]
    public async Task Break_ChangesNothingAndIsLoggedOnce_AndTheFixIsAppliedAtOnce()
    {
        using var reloader = Started(weight: 1);
        var revision = reloader.Status.Revision;

        Write(_file, weight: -1);
        await LookAsync(reloader);
        await LookAsync(reloader);
        Assert.Equal($"{_file}: Invalid; revision {revision} stays in use. Errors: 1.", _log.Lines[0]);
        Assert.Contains("Weight: '-1' is not a whole number from 0 to 65535", _log.Lines[1], StringComparison.Ordinal);
        Assert.Equal(2, _log.Lines.Count);
        Assert.Equal((ReloadResult.Invalid, revision), (reloader.Status.LastResult, reloader.Status.Revision));
        Assert.Single(reloader.Status.LastErrors);

        Write(_file, weight: 3);
        await LookAsync(reloader);
        Assert.Equal([3], _applied);
        Assert.Equal((2, 1), (reloader.Status.Successes, reloader.Status.Failures));
        Assert.Empty(reloader.Status.LastErrors);
        Assert.NotEqual(revision, reloader.Status.Revision);
    }

    [Fact]
    public async Task Break_StaysToldThroughChangesOfTheApi_UntilTheFileIsRight()
    {
        using var reloader = Started(weight: 1);
        Write(_file, weight: -1);
        await LookAsync(reloader);

        var changed = await ChangeAsync(reloader, weight: 9);
        reloader.NoteKept(changed);
        await LookAsync(reloader);
        Assert.Equal((ReloadResult.Invalid, changed), (reloader.Status.LastResult, reloader.Status.Revision));
        Assert.Equal("ReverseProxy:Clusters:web:Destinations:a:Weight", Assert.Single(reloader.Status.LastErrors).Key);
        Assert.Equal((2, 1), (reloader.Status.Successes, reloader.Status.Failures));

        Write(_file, weight: 1);
        await LookAsync(reloader);
        Assert.Equal((ReloadResult.Applied, 3), (reloader.Status.LastResult, reloader.Status.Successes));
        Assert.Empty(reloader.Status.LastErrors);
    }

    [Fact]
    public async Task Break_MendedWhileAChangeWaitsToBeConfirmed_IsNotToldAnyLonger()
    {
        using var reloader = Started(weight: 1);
        var waiting = await ChangeAsync(reloader, weight: 9);
        Write(_file, weight: -1);
        await LookAsync(reloader);
        Assert.Equal(ReloadResult.Invalid, reloader.Status.LastResult);

        Write(_file, weight: 1);
        reloader.RequestReload();
        await LookAsync(reloader);

        Assert.Equal((ReloadResult.Applied, waiting), (reloader.Status.LastResult, reloader.Status.Revision));
        Assert.Empty(reloader.Status.LastErrors);
    }

    [Fact]
    public async Task Counts_OfSeveralThreads_AreNotLost()
    {
        const int Changes = 20_000;
        using var reloader = Started(weight: 1);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < Changes; i++)
            {
                reloader.NoteApplied();
            }
        })));

        Assert.Equal(1 + (4 * Changes), reloader.Status.Successes);
    }

    [Fact]
    public async Task Refusal_KeepsTheOldRevisionAndIsReported()
    {
        using var reloader = Started(weight: 1);
        var revision = reloader.Status.Revision;
        _refusal = "port 25 is taken";

        Write(_file, weight: 2);
        await LookAsync(reloader);

        Assert.Equal("port 25 is taken. Free it.", _log.Lines[1]);
        Assert.Equal((ReloadResult.Refused, revision), (reloader.Status.LastResult, reloader.Status.Revision));
    }

    [Fact]
    public async Task Exception_KeepsTheOldRevisionAndIsReported_AndTheNextEditIsApplied()
    {
        using var reloader = Started(weight: 1);
        var revision = reloader.Status.Revision;
        _exception = new InvalidDataException("MaxQueueLength is no number.");

        Write(_file, weight: 2);
        await LookAsync(reloader);

        Assert.Equal((ReloadResult.Refused, revision, 1),
            (reloader.Status.LastResult, reloader.Status.Revision, reloader.Status.Failures));
        Assert.Contains("cannot be applied: MaxQueueLength is no number.", Assert.Single(reloader.Status.LastErrors).ToString(),
            StringComparison.Ordinal);
        _exception = null;
        Write(_file, weight: 3);
        await LookAsync(reloader);
        Assert.Equal([3], _applied);
    }

    [Fact]
    public async Task Edit_OfWhatTheOverlaySaysOtherwise_IsTold_AndOtherEditsAreNot()
    {
        var overlay = Overlay.FileFor(_file, null);
        Directory.CreateDirectory(Path.GetDirectoryName(overlay)!);
        File.WriteAllText(overlay, """{ "ReverseProxy": { "Clusters": { "web": { "Destinations": { "a": { "Weight": 9 } } } } } }""");
        using var reloader = Started(weight: 1);

        Write(_file, weight: 2);
        await LookAsync(reloader);
        var lines = _log.Lines;
        Assert.Contains(lines, line => line.Contains("ReverseProxy:Clusters:web:Destinations:a:Weight: '2' has no effect", StringComparison.Ordinal)
            && line.Contains(overlay, StringComparison.Ordinal));

        File.WriteAllText(_file, File.ReadAllText(_file) + "\n");
        await LookAsync(reloader);
        Assert.DoesNotContain(_log.Lines.Skip(lines.Count), line => line.Contains("has no effect", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Service_LooksByItself()
    {
        using var reloader = Started(weight: 1, TimeProvider.System);
        await reloader.StartAsync(CancellationToken.None);

        Write(_file, weight: 2);

        Assert.True(await _isApplied.WaitAsync(_deadline));
        await reloader.StopAsync(CancellationToken.None);
        Assert.Equal([2], _applied);
    }

    [HangupFact]
    public async Task Hangup_ReadsTheFileAtOnceThoughItHasNotChanged()
    {
        using var reloader = Started(weight: 1);
        await reloader.StartAsync(CancellationToken.None);

        // The clock stands: nothing but the signal can have caused it.
        Assert.Equal(0, Kill(Environment.ProcessId, SigHup));

        Assert.True(await _isApplied.WaitAsync(_deadline));
        await reloader.StopAsync(CancellationToken.None);
        Assert.Equal([1], _applied);
    }

    public void Dispose()
    {
        _isApplied.Dispose();
        _folder.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    private static string Json(int weight) =>
        new ConfigurationText().With("ReverseProxy:Clusters:web:Destinations:a:Weight", $"{weight}").ToString();

    private static async Task LookAsync(ConfigurationReloader reloader, int times = LooksInTwoSeconds)
    {
        for (var i = 0; i < times; i++)
        {
            await reloader.LookAsync(CancellationToken.None);
        }
    }

    /// <summary>Puts a configuration in force as the API does; returns its revision.</summary>
    private async Task<string> ChangeAsync(ConfigurationReloader reloader, int weight)
    {
        var next = new ConfigurationLoader().Load(System.Text.Encoding.UTF8.GetBytes(Json(weight)), "change").Configuration!;
        Assert.Empty(await _inForce.ReplaceAsync(next, CancellationToken.None));
        reloader.NoteApplied();
        return next.Revision;
    }

    /// <summary>Writes with a time of its own, because two writes of a test may come within one tick of the file
    /// system's clock.</summary>
    private void Write(string file, int weight)
    {
        File.WriteAllText(file, Json(weight));
        File.SetLastWriteTimeUtc(file, new DateTime(2030, 1, 1, 0, 0, ++_stamp, DateTimeKind.Utc));
    }

    private ConfigurationReloader Started(int? weight, TimeProvider? time = null)
    {
        if (weight is { } first)
        {
            Write(_file, first);
        }

        var loader = new ConfigurationLoader();
        _inForce = new ConfigurationInForce(ApplyAsync, loader.Load(_file).Configuration!);
        return new ConfigurationReloader(loader, _inForce, time ?? new FakeTime(), _log);
    }

    private Task<IReadOnlyList<ConfigurationError>> ApplyAsync(LoadedConfiguration configuration, CancellationToken stopping)
    {
        if (_exception is not null)
        {
            throw _exception;
        }

        if (_refusal is not null)
        {
            return Task.FromResult<IReadOnlyList<ConfigurationError>>([new("", null, _refusal, "Free it.")]);
        }

        _applied.Add(configuration.Clusters[0].Destinations[0].Weight);
        _isApplied.Release();
        return Task.FromResult<IReadOnlyList<ConfigurationError>>([]);
    }
}
