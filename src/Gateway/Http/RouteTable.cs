using Gateway.Http.Plain;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Http;

/// <summary>Gives YARP routes and clusters as whole sets, and tells when a set is in use.</summary>
/// <remarks>YARP reads a new set when the change token of the old one fires, and reports to
/// <see cref="IConfigChangeListener"/> when it has applied or refused it. What it reports on is a set of its own making, with
/// the destinations that names stand for; the list of routes in it is the one that was given.</remarks>
internal sealed class RouteTable : IProxyConfigProvider, IConfigChangeListener, IDisposable
{
    // How YARP begins what it says of a set that it did not hand to routing.
    private const string InvalidSet = "The proxy config is invalid.";

    private volatile Set _current = new("0", [], []);
    private volatile PlainRoutes _plain = PlainRoutes.None;
    private volatile string? _stuck;

    /// <summary>The plain ones among the routes in use.</summary>
    public PlainRoutes Plain => _plain;

    public IProxyConfig GetConfig() => _current;

    /// <summary>To be called before the store gets destinations that the routes in use do not know: no request goes to what is
    /// not plain any more as if it were.</summary>
    public void Prepare(YarpSection next)
    {
        if (_plain.LeadsToAny(next.Clusters.Where(cluster => !PlainEntry.IsPlain(cluster)).Select(cluster => cluster.ClusterId)))
        {
            _plain = PlainRoutes.None;
        }
    }

    public void Dispose() => _current.Dispose();

    /// <summary>Replaces all routes and clusters and returns when YARP routes by them.</summary>
    /// <param name="section">The new routes and clusters.</param>
    /// <param name="revision">What the set is called.</param>
    /// <param name="isBefore">Whether it is what was in use before, to be put back.</param>
    /// <param name="deadline">How long YARP may take.</param>
    /// <param name="time">The clock of the deadline.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="InvalidOperationException">YARP refused the set; requests go on by the old one.</exception>
    public async Task ReplaceAsync(
        YarpSection section, string revision, bool isBefore, TimeSpan deadline, TimeProvider time, CancellationToken cancellation)
    {
        if (_stuck is { } reason && !isBefore)
        {
            throw new InvalidOperationException($"Routing follows no change any more since it could not follow an earlier one ({reason})");
        }

        var old = _current;
        var next = new Set(revision, section.Routes.ToList(), section.Clusters);
        _current = next;
        old.SignalChange();
        if (old.IsFollowed)
        {
            await next.Applied.Task.WaitAsync(deadline, time, cancellation);
        }

        _plain = PlainRoutes.Compile(section.Routes, section.Clusters);
    }

    public void ConfigurationLoadingFailed(IProxyConfigProvider configProvider, Exception exception) =>
        Refuse(_current, exception);

    public void ConfigurationLoaded(IReadOnlyList<IProxyConfig> proxyConfigs)
    {
    }

    public void ConfigurationApplied(IReadOnlyList<IProxyConfig> proxyConfigs)
    {
        var current = _current;
        if (proxyConfigs.Any(current.IsIn))
        {
            current.Applied.TrySetResult();
        }
    }

    public void ConfigurationApplyingFailed(IReadOnlyList<IProxyConfig> proxyConfigs, Exception exception)
    {
        var current = _current;
        if (proxyConfigs.Any(current.IsIn))
        {
            if (exception is AggregateException && !exception.Message.StartsWith(InvalidSet, StringComparison.Ordinal))
            {
                // Thrown by ASP.NET Core's routing while it built the tables for the new routes. It keeps the old tables, and has
                // not asked to be told of the next change.
                _stuck = Innermost(exception).Message.TrimEnd('.');
            }

            Refuse(current, exception);
        }
    }

    private static void Refuse(Set set, Exception reason) => set.Applied.TrySetException(
        new InvalidOperationException($"YARP refused the routes and clusters: {Innermost(reason).Message}", reason));

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;

    private sealed class Set : IProxyConfig, IDisposable
    {
        private readonly CancellationTokenSource _changed = new();

        public Set(string revision, IReadOnlyList<RouteConfig> routes, IReadOnlyList<ClusterConfig> clusters)
        {
            RevisionId = revision;
            Routes = routes;
            Clusters = clusters;
            // Made now: YARP may ask for it when the set is no longer in use.
            ChangeToken = new CancellationChangeToken(_changed.Token);
        }

        public IReadOnlyList<RouteConfig> Routes { get; }

        public IReadOnlyList<ClusterConfig> Clusters { get; }

        public string RevisionId { get; }

        public IChangeToken ChangeToken { get; }

        public TaskCompletionSource Applied { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Whether YARP has read this set, and so will read the next one when this one changes.</summary>
        public bool IsFollowed => Applied.Task.IsCompleted;

        /// <summary>Whether this is the set that YARP made that one of.</summary>
        public bool IsIn(IProxyConfig config) => ReferenceEquals(config.Routes, Routes);

        public void SignalChange()
        {
            _changed.Cancel();
            Dispose();
        }

        public void Dispose() => _changed.Dispose();
    }
}
