using Gateway.Clusters;
using Gateway.Relay.Sni;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <summary>Which cluster a connection of a virtual server goes to, and the scheduler of it. Immutable.</summary>
internal sealed class ClusterChoice
{
    private readonly VirtualServerOptions _options;
    private readonly ServerNameMap _names;
    private readonly Dictionary<string, string> _protocols = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ClusterScheduler> _remembered = new(StringComparer.OrdinalIgnoreCase);

    public ClusterChoice(VirtualServerOptions options, ClusterSchedulers schedulers)
    {
        _options = options;
        _names = new ServerNameMap(options.Sni);
        Remember(options.ClusterId, schedulers);
        foreach (var (_, cluster) in options.Sni)
        {
            Remember(cluster, schedulers);
        }

        foreach (var (protocol, cluster) in options.Alpn)
        {
            _protocols.Add(protocol, cluster);
            Remember(cluster, schedulers);
        }

        NeedsHello = options.Sni.Count + options.Alpn.Count > 0
            || Remembered(options.ClusterId)?.KeySource == HashInput.ServerName;
    }

    /// <summary>Whether the choice, or a scheduler, depends on what a TLS client asks for.</summary>
    public bool NeedsHello { get; }

    /// <summary>The cluster for a client; null when it is to be refused.</summary>
    /// <param name="hello">What the client wants; null when it does not speak TLS.</param>
    public string? Find(ClientHello? hello)
    {
        foreach (var protocol in _protocols.Count > 0 ? hello?.Protocols ?? [] : [])
        {
            if (_protocols.TryGetValue(protocol, out var byProtocol))
            {
                return byProtocol;
            }
        }

        return _names.Find(hello?.ServerName) ?? (_options.SniOnly ? null : _options.ClusterId);
    }

    /// <summary>The scheduler that a cluster had when these options came.</summary>
    public ClusterScheduler? Remembered(string clusterId) => _remembered.GetValueOrDefault(clusterId);

    private void Remember(string clusterId, ClusterSchedulers schedulers)
    {
        if (schedulers.Find(clusterId) is { } scheduler)
        {
            _remembered.TryAdd(clusterId, scheduler);
        }
    }
}
