using Gateway.Http.Plain;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Http;

/// <summary>Gives YARP routes and clusters as whole sets, and tells when a set is in use.</summary>
/// <remarks>YARP reads a new set when the change token of the old one fires, and reports to
/// <see cref="IConfigChangeListener"/> when it has applied or refused it.</remarks>
internal sealed class RouteTable : IProxyConfigProvider, IConfigChangeListener, IDisposable
{
    private volatile Set _current = new("0", [], []);
    private volatile PlainRoutes _plain = PlainRoutes.None;

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
    /// <exception cref="InvalidOperationException">YARP refused the set; the old one is still in use.</exception>
    public async Task ReplaceAsync(
        YarpSection section, string revision, TimeSpan deadline, TimeProvider time, CancellationToken cancellation)
    {
        var old = _current;
        var next = new Set(revision, section.Routes, section.Clusters);
        _current = next;
        old.SignalChange();
        if (old.IsFollowed)
        {
            await next.Applied.Task.WaitAsync(deadline, time, cancellation);
        }

        _plain = PlainRoutes.Compile(section.Routes, section.Clusters);
    }

    public void ConfigurationLoadingFailed(IProxyConfigProvider configProvider, Exception exception)
    {
    }

    public void ConfigurationLoaded(IReadOnlyList<IProxyConfig> proxyConfigs)
    {
    }

    public void ConfigurationApplied(IReadOnlyList<IProxyConfig> proxyConfigs)
    {
        foreach (var set in proxyConfigs.OfType<Set>())
        {
            set.Applied.TrySetResult();
        }
    }

    public void ConfigurationApplyingFailed(IReadOnlyList<IProxyConfig> proxyConfigs, Exception exception)
    {
        foreach (var set in proxyConfigs.OfType<Set>())
        {
            set.Applied.TrySetException(new InvalidOperationException("YARP refused the routes and clusters.", exception));
        }
    }

    private sealed class Set(string revision, IReadOnlyList<RouteConfig> routes, IReadOnlyList<ClusterConfig> clusters)
        : IProxyConfig, IDisposable
    {
        private readonly CancellationTokenSource _changed = new();
        private CancellationChangeToken? _token;

        public IReadOnlyList<RouteConfig> Routes { get; } = routes;

        public IReadOnlyList<ClusterConfig> Clusters { get; } = clusters;

        public string RevisionId { get; } = revision;

        public IChangeToken ChangeToken => _token ??= new CancellationChangeToken(_changed.Token);

        public TaskCompletionSource Applied { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Whether YARP has read this set, and so will read the next one when this one changes.</summary>
        public bool IsFollowed => Applied.Task.IsCompleted;

        public void SignalChange()
        {
            _changed.Cancel();
            Dispose();
        }

        public void Dispose() => _changed.Dispose();
    }
}
