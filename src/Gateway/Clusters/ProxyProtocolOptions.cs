using System.Net;

namespace Gateway.Clusters;

/// <summary>The <c>ProxyProtocol</c> section of a virtual server.</summary>
internal sealed record ProxyProtocolOptions
{
    /// <summary>Neither taken nor sent.</summary>
    public static readonly ProxyProtocolOptions None = new();

    /// <summary>Networks whose connections begin with a header, which says who the client is.</summary>
    public ValueList<IPNetwork> From { get; init; } = [];

    /// <summary>Version of the header that destinations get, 1 or 2; 0 is none.</summary>
    public int Send { get; init; }
}
