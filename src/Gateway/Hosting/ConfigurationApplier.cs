using Gateway.Configuration;
using Gateway.Hooks;
using Gateway.Http;
using Gateway.Names;

namespace Gateway.Hosting;

/// <summary>Puts a checked configuration in force in all parts, in the order in which nothing is lost, or in none.</summary>
/// <remarks>
/// The store comes first: a route must not lead to a cluster whose destinations nobody has probed yet. A request that
/// still follows an old route to a cluster the store no longer has is served from YARP's own list. When a part refuses,
/// the configuration before is put in force again everywhere.
/// </remarks>
internal sealed partial class ConfigurationApplier(
    AppliedConfiguration applied, NameService names, HookService hooks, RouteTable routes, KestrelTrial kestrel, TimeProvider time,
    ILogger<ConfigurationApplier> logger)
{
    /// <summary>YARP applies thousands of routes in milliseconds; what takes longer hangs.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private LoadedConfiguration? _started;
    private LoadedConfiguration? _last;
    private IReadOnlyList<string> _waiting = [];

    /// <summary>Applies the configuration; returns why it was refused, nothing when it was not.</summary>
    public async Task<IReadOnlyList<ConfigurationError>> ApplyAsync(
        LoadedConfiguration configuration, CancellationToken cancellation)
    {
        var unbindable = ListenCheck.Check(configuration, _last, _started).ToArray();
        if (unbindable.Length > 0)
        {
            return unbindable;
        }

        // At the start Kestrel has not read anything yet, and what it refuses then ends the start.
        if (_last is not null && kestrel.WhyNot(configuration) is { } unreadable)
        {
            return [unreadable];
        }

        if (await PutInForceAsync(configuration, isBefore: false, cancellation) is not { } refusal)
        {
            _last = configuration;
            TellWhatWaits(_started ??= configuration, configuration);
            return [];
        }

        return _last is not null && await PutInForceAsync(_last, isBefore: true, cancellation) is { } worse ? [refusal, worse] : [refusal];
    }

    private void TellWhatWaits(LoadedConfiguration started, LoadedConfiguration configuration)
    {
        var waiting = RestartKeys.Changed(started, configuration);
        if (waiting.Count > 0 && !waiting.SequenceEqual(_waiting, StringComparer.OrdinalIgnoreCase))
        {
            LogWaits(string.Join(", ", waiting));
        }

        _waiting = waiting;
    }

    /// <summary>Hands the configuration to each part; returns why one refused, and leaves the others as they are then.
    /// </summary>
    private async Task<ConfigurationError?> PutInForceAsync(
        LoadedConfiguration configuration, bool isBefore, CancellationToken cancellation)
    {
        var key = "ReverseProxy";
        try
        {
            var section = YarpSection.Read(configuration.Root);
            hooks.Apply(HooksSection.Read(configuration.Section("Hooks")));
            routes.Prepare(section);
            await names.ApplyAsync(
                configuration.Clusters, configuration.VirtualServers, NamesSection.Read(configuration.Section("Names")), cancellation);
            await routes.ReplaceAsync(section, configuration.Revision, isBefore, _patience, time, cancellation);
            key = "";
            applied.Replace(configuration.Root);
            return null;
        }
        catch (Exception e)
        {
            // The checks have passed it before, YARP's own validator among them, so this is rare. Whatever it is, the parts
            // that have the new configuration already must not keep it.
            var reason = (e as AggregateException)?.Flatten().InnerExceptions[0] ?? (e as InvalidOperationException) ?? e.InnerException ?? e;
            return configuration.Error(key, $"cannot be applied: {reason.Message.TrimEnd('.')}", "Correct what it names, or restart.");
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What has changed at {Keys} is read at the start only, and waits for a restart.")]
    private partial void LogWaits(string keys);
}
