using System.Text.Json;
using Gateway.Clusters;
using Gateway.Draining;

namespace Gateway.State;

/// <summary>Saves the words on destinations, and the drains, soon after each change and when the process ends, and brings them back at
/// start. Where it cannot write it says so once and Gateway works on without it.</summary>
internal sealed partial class StateKeeper : BackgroundService
{
    /// <summary>Changes this close together are one write.</summary>
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(200);

    /// <summary>At the start probes end by the hundred, and what else starts is not to wait for the disk.</summary>
    private static readonly TimeSpan _settling = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan _pauseAfterFailure = TimeSpan.FromSeconds(10);

    private readonly ClusterStore _store;
    private readonly DrainService _drains;
    private readonly TimeProvider _time;
    private readonly ILogger<StateKeeper> _log;
    private readonly StateFile? _file;
    private readonly SemaphoreSlim _changed = new(0, 1);
    private readonly Lock _signalling = new();
    private readonly Lock _writing = new();
    private bool _hasFailed;
    private bool _isDisposed;

    public StateKeeper(
        StateOptions options, ClusterStore store, DrainService drains, TimeProvider time, ILogger<StateKeeper> log)
    {
        _store = store;
        _drains = drains;
        _time = time;
        _log = log;
        _file = options.Directory is { } directory ? new StateFile(directory) : null;
    }

    /// <summary>Whether what was saved last is still on the disk.</summary>
    public bool IsKept => _file is not null && !_hasFailed;

    /// <summary>Hands the saved words to the store; to be called before the first configuration is applied.</summary>
    /// <param name="reading">The <see cref="StateFile.Read"/> of the same file where it has begun already; null reads it now.</param>
    public void Load(Task<SavedState?>? reading = null)
    {
        if (_file is null)
        {
            return;
        }

        try
        {
            if ((reading is null ? _file.Read() : reading.GetAwaiter().GetResult()) is { } saved)
            {
                _store.Recall(saved.Destinations);
                _drains.Resume(saved.Drains);
                LogLoaded(_file.Path, saved.Destinations.Count);
            }
        }
        catch (JsonException e)
        {
            LogUnreadable(_file.Path, e.Message);
            PutAside(_file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogUnreadable(_file.Path, e.Message);
        }
    }

    /// <summary>Saves now; returns whether the disk has it.</summary>
    public bool Save()
    {
        if (_file is null)
        {
            return false;
        }

        lock (_writing)
        {
            try
            {
                _file.Write(new SavedState
                {
                    Version = SavedState.CurrentVersion,
                    Destinations = _store.Remember(),
                    Drains = [.. _drains.Jobs.Where(job => !job.IsShutdown)],
                });
                if (_hasFailed)
                {
                    LogKeptAgain(_file.Path);
                }

                _hasFailed = false;
                return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (!_hasFailed)
                {
                    LogNotKept(_file.Path, e.Message.TrimEnd('.'));
                }

                _hasFailed = true;
                return false;
            }
        }
    }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (_file is not null)
        {
            _store.Subscribe(_ => Signal());
            _drains.Changed += _ => Signal();
        }

        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Save();
    }

    public override void Dispose()
    {
        base.Dispose();
        _file?.Dispose();
        lock (_signalling)
        {
            // The store and the drains may still tell of changes.
            _isDisposed = true;
            _changed.Dispose();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_file is null)
        {
            return;
        }

        await SettleAsync(stoppingToken);
        while (true)
        {
            await _changed.WaitAsync(stoppingToken);
            while (!Save())
            {
                await Task.Delay(_pauseAfterFailure, _time, stoppingToken);
            }

            await Task.Delay(_pause, _time, stoppingToken);
        }
    }

    /// <summary>Waits until the start is over, or a person has said something, which is not to be lost by a crash.</summary>
    private async Task SettleAsync(CancellationToken stoppingToken)
    {
        var (words, drains) = (PersonsWords(), _drains.Jobs);
        for (var left = _settling; left > TimeSpan.Zero; left -= _pause)
        {
            await Task.Delay(_pause, _time, stoppingToken);
            if (_drains.Jobs != drains || !PersonsWords().SequenceEqual(words))
            {
                return;
            }
        }
    }

    private List<(string Cluster, string Destination, AdminWord? Admin, WeightWord? Weight)> PersonsWords() =>
    [
        .. from cluster in _store.Current.Clusters
           from destination in cluster.Destinations
           where destination.Standing.Admin is not null || destination.Standing.PersonsWeight is not null
           select (cluster.Id, destination.Id, destination.Standing.Admin, destination.Standing.PersonsWeight),
    ];

    private void Signal()
    {
        lock (_signalling)
        {
            if (!_isDisposed && _changed.CurrentCount == 0)
            {
                _changed.Release();
            }
        }
    }

    private void PutAside(StateFile file)
    {
        try
        {
            file.PutAside();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotKept(file.Path, e.Message.TrimEnd('.'));
            _hasFailed = true;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The state of {Count} destinations is back from {File}")]
    private partial void LogLoaded(string file, int count);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "The state in {File} cannot be read and is not used: {Reason} Persons' words of before are forgotten; set "
            + "them again")]
    private partial void LogUnreadable(string file, string reason);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The state is not kept in {File}: {Reason}. Maintenance, drains and persons' weights last until the next "
            + "restart; set State:Directory to a directory that can be written, or to an empty text to do without")]
    private partial void LogNotKept(string file, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The state is kept in {File} again")]
    private partial void LogKeptAgain(string file);
}
