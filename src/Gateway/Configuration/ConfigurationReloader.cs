using System.Runtime.InteropServices;
using Gateway.Clusters;

namespace Gateway.Configuration;

/// <summary>
/// Watches the configuration file and its overlay and applies each new version that is right; one that is wrong changes nothing and is
/// reported once. SIGHUP reads the file at once, changed or not.
/// </summary>
/// <remarks>It looks at the file instead of being told: notifications do not come for bind mounts and network file
/// systems, and come for the wrong file with the links of a ConfigMap. Four looks a second at one open file cost
/// nothing.</remarks>
internal sealed partial class ConfigurationReloader : BackgroundService
{
    private static readonly TimeSpan _pace = TimeSpan.FromMilliseconds(250);

    private readonly SemaphoreSlim _wakes = new(0);
    private readonly ConfigurationLoader _loader;
    private readonly ConfigurationInForce _inForce;
    private readonly ReloadRecord _record;
    private readonly string _file;
    private readonly FileSettling _settling;
    private readonly Overlay _overlay;
    private readonly FileSettling _overlaySettling;
    private readonly TimeProvider _time;
    private readonly ILogger<ConfigurationReloader> _logger;
    private volatile Overlay? _kept;
    private volatile bool _isRequested;

    // What the file and its overlay hold; what is in force differs while a change of the API waits to be confirmed.
    private volatile string _written;
    private byte[] _fileJson;
    private PosixSignalRegistration? _hangup;
    private bool _isMissing;

    /// <param name="loader">Reads and checks, with the same overrides as at start.</param>
    /// <param name="inForce">The configuration in use, read from a file, and the way to replace it.</param>
    /// <param name="time">The clock of looks and of <see cref="Status"/>.</param>
    /// <param name="logger">Where changes and errors are told.</param>
    public ConfigurationReloader(
        ConfigurationLoader loader, ConfigurationInForce inForce, TimeProvider time, ILogger<ConfigurationReloader> logger)
    {
        _loader = loader;
        _inForce = inForce;
        var initial = inForce.Current;
        _file = initial.SourceFile
            ?? throw new ArgumentException("The configuration has no file to watch.", nameof(inForce));
        _settling = new FileSettling(initial.SourceStamp);
        _overlay = initial.Layers.Overlay;
        _overlaySettling = new FileSettling(_overlay.Stamp);
        _time = time;
        _logger = logger;
        _written = initial.Revision;
        _fileJson = initial.Layers.File;
        _record = new ReloadRecord(time.GetUtcNow());
    }

    /// <summary>The configuration in use and the last attempt to read the file; may be read from any thread.</summary>
    public ReloadStatus Status => _record.Status(_inForce.Current.Revision);

    /// <summary>Notes that a configuration was put in force by other ways than the file, whose errors stand; may be called from any
    /// thread.</summary>
    public void NoteApplied() => _record.Changed(_time.GetUtcNow());

    /// <summary>Notes that the overlay as it is now holds what is in force already.</summary>
    /// <param name="revision">The revision of file and overlay together.</param>
    public void NoteKept(string revision)
    {
        _kept = _overlay with { Stamp = _overlay.StampNow() };
        _written = revision;
    }

    /// <summary>Reads the file at the next chance, whether it has changed or not; may be called from any
    /// thread.</summary>
    public void RequestReload()
    {
        _isRequested = true;
        Wake();
    }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // Before the loop runs: a signal that nobody has asked for ends the process.
        _hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            RequestReload();
        });
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _hangup?.Dispose();
        base.Dispose();
    }

    /// <summary>Looks at the file once and does what follows from it; called by one loop.</summary>
    internal async Task LookAsync(CancellationToken stopping)
    {
        try
        {
            await ReadAsync(stopping);
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            // Whatever a new version of the file has set off, traffic goes on by the old one: an edit must never end the
            // program.
            _settling.Handled();
            _overlaySettling.Handled();
            LogUnexpected(e, _file);
            Fail(ReloadResult.Refused, [new("", null, $"cannot be applied: {e.Message.TrimEnd('.')}",
                "Undo the latest change, and report this message: it should name a key.", new Origin(_file))], _time.GetUtcNow());
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var looks = _time.CreateTimer(_ => Wake(), null, _pace, _pace);
        while (true)
        {
            await _wakes.WaitAsync(stoppingToken);
            await LookAsync(stoppingToken);
        }
    }

    // Called from any thread, a signal's too, at any time, so that the semaphore is never disposed. Two calls at the same moment may
    // be a look too many, which sees nothing new.
    private void Wake()
    {
        if (_wakes.CurrentCount == 0)
        {
            _wakes.Release();
        }
    }

    private async Task ReadAsync(CancellationToken stopping)
    {
        var stamp = FileStamp.Of(_file);
        var isNew = _settling.Observe(stamp);
        var overlay = _overlay.StampNow();
        if (_kept is { } kept && kept.Stamp == overlay)
        {
            _overlaySettling.Handled(overlay);
        }

        var isOverlayNew = _overlaySettling.Observe(overlay);
        if (_isRequested)
        {
            _isRequested = false;
            _overlaySettling.Handled();
            var read = Load(stamp);
            if (read.Configuration?.Revision == _written && _inForce.Current.Revision is var waiting && waiting != _written)
            {
                // A rotation of logs must not undo what somebody is about to confirm.
                _settling.Handled(stamp);
                _record.FoundRight(_time.GetUtcNow());
                LogWaits(_file, waiting);
                return;
            }

            await AttemptAsync(read, stamp, stopping);
            return;
        }

        NoteMissing(stamp is null);
        if (!isNew && (!isOverlayNew || stamp is null))
        {
            return;
        }

        // The file may change again while it is read; then the next look sees that it is not settled.
        var result = Load(stamp);
        if (FileStamp.Of(_file) != stamp || (result.Configuration is null && !_settling.IsSettled))
        {
            return;
        }

        // What the API has kept while this looked is in force already, and another may follow it: look again.
        if (!isNew && (_kept?.Stamp == overlay || _overlay.StampNow() != overlay))
        {
            return;
        }

        _overlaySettling.Handled();
        if (isNew || result.Configuration?.Revision != _inForce.Current.Revision)
        {
            await AttemptAsync(result, stamp, stopping);
        }
    }

    /// <summary>Reads only what cannot keep the loop waiting: a pipe would do so for ever.</summary>
    private LoadResult Load(FileStamp? stamp) => stamp is { IsRegular: false }
        ? LoadResult.Failed(new ConfigurationError(
            "", null, "is not a regular file", "Put a file in its place.", new Origin(_file)))
        : _loader.Load(_file);

    private async Task AttemptAsync(LoadResult result, FileStamp? stamp, CancellationToken stopping)
    {
        _settling.Handled(stamp);
        var now = _time.GetUtcNow();
        if (result.Configuration is not { } configuration)
        {
            Fail(ReloadResult.Invalid, result.Errors, now);
            return;
        }

        var refusals = await _inForce.ReplaceAsync(configuration, stopping);
        if (refusals.Count > 0)
        {
            Fail(ReloadResult.Refused, refusals, now);
            return;
        }

        _written = configuration.Revision;
        _record.Applied(now);
        LogApplied(_file, configuration.Revision, configuration.Clusters.Count, configuration.VirtualServers.Count);
        foreach (var warning in configuration.Warnings.Concat(EditedInVain(configuration)))
        {
            LogWarning(warning);
        }

        _fileJson = configuration.Layers.File;
    }

    /// <summary>What has been edited in the file since it was last applied, and has no effect.</summary>
    private IEnumerable<ConfigurationError> EditedInVain(LoadedConfiguration configuration)
    {
        var before = JsonTree.Parse(_fileJson, _file, []);
        return configuration.Overlaid
            .Where(overlaid => OverlaidKey.TextOf(before?.At(overlaid.Key)) != overlaid.Written).Select(overlaid => overlaid.Warning);
    }

    private void Fail(ReloadResult result, IReadOnlyList<ConfigurationError> errors, DateTimeOffset now)
    {
        _record.Failed(result, errors, now);
        LogFailed(_file, result, _inForce.Current.Revision, errors.Count);
        foreach (var error in errors)
        {
            LogError(error);
        }
    }

    private void NoteMissing(bool isMissing)
    {
        if (isMissing && !_isMissing)
        {
            LogMissing(_file, _inForce.Current.Revision);
        }

        _isMissing = isMissing;
    }

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{File}: applied revision {Revision}. Clusters: {Clusters}, virtual servers: {VirtualServers}.")]
    private partial void LogApplied(string file, string revision, int clusters, int virtualServers);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{File} has not changed; revision {Revision}, which waits to be confirmed, stays in use.")]
    private partial void LogWaits(string file, string revision);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Warning}")]
    private partial void LogWarning(ConfigurationError warning);

    [LoggerMessage(Level = LogLevel.Error, Message = "{File}: {Result}; revision {Revision} stays in use. Errors: {Count}.")]
    private partial void LogFailed(string file, ReloadResult result, string revision, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Error}")]
    private partial void LogError(ConfigurationError error);

    [LoggerMessage(Level = LogLevel.Error, Message = "{File}: unexpected error.")]
    private partial void LogUnexpected(Exception unexpected, string file);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{File} is gone; revision {Revision} stays in use.")]
    private partial void LogMissing(string file, string revision);
}
