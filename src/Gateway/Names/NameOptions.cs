using System.Net;
using Gateway.Clusters;

namespace Gateway.Names;

/// <summary>The <c>Names</c> section: how names of destinations are looked up.</summary>
internal sealed record NameOptions
{
    /// <summary>DNS servers to ask, in turn; none is the system's resolver, and for SRV records its servers.</summary>
    public ValueList<IPEndPoint> Servers { get; init; } = [];

    /// <summary>Time between look-ups by the system's resolver, which does not tell how long an answer holds.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The shortest time an answer of a DNS server is kept, whatever it says.</summary>
    public TimeSpan MinTtl { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest.</summary>
    public TimeSpan MaxTtl { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Time for one question to one server.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);
}
