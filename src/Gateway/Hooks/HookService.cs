using Gateway.Clusters;

namespace Gateway.Hooks;

/// <summary>Writes one line for every change of state, and hands it to the hooks that want it.</summary>
internal sealed partial class HookService(ClusterStore store, TimeProvider time, ILogger<HookService> log) : IHostedService
{
    private readonly Lock _gate = new();
    private Snapshot _seen = Snapshot.Empty;
    private HookQueue[] _queues = [];

    /// <summary>Puts the hooks of a configuration in force; one that is the same goes on with what waits in it.</summary>
    public void Apply(IReadOnlyList<HookOptions> hooks)
    {
        lock (_gate)
        {
            var old = _queues;
            _queues = [.. hooks.Select(options => Array.Find(old, queue => queue.Options == options)
                ?? new HookQueue(options, TargetOf(options), time, log))];
            foreach (var gone in old.Except(_queues))
            {
                _ = gone.DisposeAsync().AsTask();
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        store.Subscribe(Follow);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        HookQueue[] queues;
        lock (_gate)
        {
            (queues, _queues) = (_queues, []);
        }

        foreach (var queue in queues)
        {
            await queue.DisposeAsync();
        }
    }

    private static IHookTarget TargetOf(HookOptions options) =>
        options.Url is null ? new CommandTarget(options.Command) : new WebhookTarget(options);

    // Called under the store's lock: it only compares, writes a line and puts into queues.
    private void Follow(Snapshot snapshot)
    {
        lock (_gate)
        {
            foreach (var change in StateChanges.Between(_seen, snapshot, time.GetUtcNow()))
            {
                Log(change);
                foreach (var queue in _queues)
                {
                    if (queue.Options.Wants(change))
                    {
                        queue.Add(change);
                    }
                }
            }

            _seen = snapshot;
        }
    }

    private void Log(StateChange change)
    {
        if (change.Destination is not { } destination)
        {
            if (change.Event == StateEvent.Lost)
            {
                LogLost(change.Cluster, change.Total);
            }
            else
            {
                LogServed(change.Cluster);
            }

            return;
        }

        var why = change.Reason.Length == 0 ? "" : $": {change.Reason}";
        LogDestination(
            change.Cluster, destination.Id, change.Address, change.Event switch
            {
                StateEvent.Up => "in service",
                StateEvent.Draining => "draining",
                _ => "out of service",
            },
            why, change.InService, change.Total);
    }

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{Cluster}: destination {Destination} ({Address}) is {State}{Why}; {InService} of {Total} in service")]
    private partial void LogDestination(
        string cluster, string destination, string address, string state, string why, int inService, int total);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Cluster}: no destination is in service any more, of {Total}")]
    private partial void LogLost(string cluster, int total);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Cluster}: the cluster is in service")]
    private partial void LogServed(string cluster);
}
