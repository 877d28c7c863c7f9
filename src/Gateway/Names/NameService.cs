using Gateway.Clusters;

namespace Gateway.Names;

/// <summary>Gives the store the configured clusters with the addresses of their names, now and whenever one changes.</summary>
internal sealed partial class NameService(
    ClusterStore store, NameTable table, TimeProvider time, ILogger<NameService> log,
    Func<NameOptions, INameSource>? source = null)
    : IDisposable
{
    /// <summary>How long a configuration waits for names it has for the first time; afterwards it goes without, and they
    /// are added when they are known.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Lock _gate = new();
    private readonly Dictionary<NameKey, NameWatch> _watches = [];
    private readonly Dictionary<NameKey, string> _problems = [];
    private IReadOnlyList<ClusterOptions> _clusters = [];
    private IReadOnlyList<VirtualServerOptions> _virtualServers = [];
    private NameOptions _options = new();
    private bool _isApplied;

    /// <summary>Looks up what has not been yet, and applies the whole to the store.</summary>
    public async Task ApplyAsync(
        IReadOnlyList<ClusterOptions> clusters, IReadOnlyList<VirtualServerOptions> virtualServers, NameOptions options,
        CancellationToken cancellation)
    {
        var first = Begin(clusters, options);
        if (first.Length > 0)
        {
            await Task.WhenAll(first).WaitAsync(Patience, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
        }

        lock (_gate)
        {
            (_clusters, _virtualServers, _isApplied) = (clusters, virtualServers, true);
            EndUnusedNeedsLock();
            PublishNeedsLock();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var watch in _watches.Values)
            {
                watch.Dispose();
            }

            _watches.Clear();
        }
    }

    private static HashSet<NameKey> KeysOf(IReadOnlyList<ClusterOptions> clusters)
    {
        var keys = new HashSet<NameKey>();
        foreach (var destination in clusters.SelectMany(cluster => cluster.Destinations))
        {
            if (NameExpansion.KeyOf(destination) is { } key)
            {
                keys.Add(key);
            }
        }

        return keys;
    }

    /// <summary>Starts what is new; returns the first look-ups to wait for.</summary>
    private Task[] Begin(IReadOnlyList<ClusterOptions> clusters, NameOptions options)
    {
        lock (_gate)
        {
            var isOther = options != _options;
            _options = options;
            INameSource? asked = null;
            var started = new List<NameWatch>();
            foreach (var key in KeysOf(clusters))
            {
                var before = _watches.GetValueOrDefault(key);
                if (before is null || isOther)
                {
                    asked ??= Create(options);
                    before?.Dispose();
                    var watch = new NameWatch(key, asked, options, time, Follow, Failed, before?.Addresses);
                    _watches[key] = watch;
                    started.Add(watch);
                }
            }

            started.ForEach(watch => watch.Start());
            return [.. started.Where(watch => watch.Addresses is null).Select(watch => watch.First)];
        }
    }

    private INameSource Create(NameOptions options) =>
        source is not null ? source(options)
        : options.Servers.Count > 0 ? new DnsNames(options, time)
        : new SystemNames(options, time);

    private void EndUnusedNeedsLock()
    {
        var used = KeysOf(_clusters);
        foreach (var (key, watch) in _watches)
        {
            if (!used.Contains(key))
            {
                watch.Dispose();
                _watches.Remove(key); // which a dictionary allows while it is walked
                _problems.Remove(key);
            }
        }
    }

    // Called by a watch after each look-up.
    private void Follow(NameWatch watch, ValueList<NameAddress>? before)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(_watches.GetValueOrDefault(watch.Key), watch))
            {
                return;
            }

            TellProblemNeedsLock(watch);
            if (!ReferenceEquals(before, watch.Addresses))
            {
                TellChange(watch, before);
                PublishNeedsLock();
            }
        }
    }

    private void Failed(NameKey key, Exception error) => LogFailed(error, key.Name);

    private void TellProblemNeedsLock(NameWatch watch)
    {
        var before = _problems.GetValueOrDefault(watch.Key);
        if (watch.Problem is null)
        {
            if (_problems.Remove(watch.Key))
            {
                LogFound(watch.Key.Name);
            }
        }
        else if (before is null)
        {
            _problems[watch.Key] = watch.Problem;
            LogProblem(watch.Key.Name, watch.Problem, watch.Addresses is null ? "nothing is known of it" : "its last addresses stay");
        }
    }

    private void TellChange(NameWatch watch, ValueList<NameAddress>? before)
    {
        if (log.IsEnabled(LogLevel.Information))
        {
            var (old, now) = (before ?? [], watch.Addresses!);
            var (added, removed) = (string.Join(", ", now.Except(old)), string.Join(", ", old.Except(now)));
            LogChanged(watch.Key.Name, now.Count, added, removed);
        }
    }

    private void PublishNeedsLock()
    {
        if (!_isApplied)
        {
            return;
        }

        var known = new Dictionary<NameKey, ValueList<NameAddress>>();
        foreach (var (key, watch) in _watches)
        {
            if (watch.Addresses is { } addresses)
            {
                known.Add(key, addresses);
            }
        }

        var tell = table.Replace(known);
        try
        {
            store.Apply(
                [.. _clusters.Select(cluster => cluster with { Destinations = [.. cluster.Destinations.SelectMany(table.Expand)] })],
                _virtualServers);
        }
        finally
        {
            tell();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The name {Name} cannot be looked up: {Problem}; {Consequence}")]
    private partial void LogProblem(string name, string problem, string consequence);

    [LoggerMessage(Level = LogLevel.Error, Message = "The look-up of {Name} failed by an error of Gateway; it goes on")]
    private partial void LogFailed(Exception error, string name);

    [LoggerMessage(Level = LogLevel.Information, SkipEnabledCheck = true,
        Message = "The name {Name} has {Count} addresses: new [{Added}], gone [{Removed}]")]
    private partial void LogChanged(string name, int count, string added, string removed);

    [LoggerMessage(Level = LogLevel.Information, Message = "The name {Name} can be looked up again")]
    private partial void LogFound(string name);
}
