using System.Net;

namespace Gateway.Clusters;

/// <summary>One destination as it stands in one snapshot: immutable but for the counters on <see cref="State"/>.</summary>
internal sealed class Destination
{
    public Destination(
        string clusterId,
        DestinationOptions options,
        Standing standing,
        bool isUp,
        DestinationState state,
        Destination? before = null)
    {
        ClusterId = clusterId;
        Options = options;
        Standing = standing;
        IsUp = isUp;
        EffectiveWeight = isUp ? options.Weight : 0;
        State = state;
        LastWeight = options.Weight > 0 ? options.Weight : before?.LastWeight ?? 0;
        EndPoint = IPAddress.TryParse(options.Address.DnsSafeHost, out var ip)
            ? new IPEndPoint(ip, options.Address.Port)
            : new DnsEndPoint(options.Address.DnsSafeHost, options.Address.Port);
    }

    public string ClusterId { get; }

    public string Id => Options.Id;

    public DestinationOptions Options { get; }

    /// <summary>The probe of the cluster in this snapshot; null is none.</summary>
    public ProbeOptions? Probe { get; init; }

    /// <summary>The words that made <see cref="IsUp"/> what it is.</summary>
    public Standing Standing { get; }

    /// <summary>Whether nothing observed speaks against the destination.</summary>
    public bool IsUp { get; }

    /// <summary>The configured weight, 0 to 65535.</summary>
    public int Weight => Options.Weight;

    /// <summary>The weight schedulers share by: 0 while the destination may get no new flow.</summary>
    public int EffectiveWeight { get; }

    /// <summary>The latest configured weight that was not 0 since the destination was added.</summary>
    public int LastWeight { get; }

    /// <summary>Counters that outlive this snapshot.</summary>
    public DestinationState State { get; }

    /// <summary>Address and port to connect to; a <see cref="DnsEndPoint"/> when the address is a name.</summary>
    public EndPoint EndPoint { get; }

    public override string ToString() => $"{ClusterId}/{Id} ({Options.Address.Host}:{Options.Address.Port})";
}
