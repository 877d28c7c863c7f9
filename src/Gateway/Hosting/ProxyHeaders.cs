using System.Net;
using Gateway.Configuration;
using Gateway.ProxyProtocol;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Hosting;

/// <summary>Has Kestrel's endpoints take PROXY protocol headers from the networks of their <c>ProxyProtocol:From</c>.</summary>
/// <remarks>Kestrel makes an endpoint anew whenever anything in its section changes, this key included, and asks for the
/// defaults of each before it adds TLS; so the header comes off first, and the networks are always those in force.</remarks>
internal static class ProxyHeaders
{
    /// <summary>Adds it to an endpoint; before anything that asks who the client is.</summary>
    /// <returns>From which networks the endpoint takes them.</returns>
    public static IReadOnlyList<IPNetwork> AcceptProxyHeaders(this ListenOptions listen, IConfiguration configuration)
    {
        if (listen.IPEndPoint is not { } endPoint || Find(configuration, endPoint) is not { } endpoint)
        {
            return [];
        }

        var from = endpoint.GetSection("ProxyProtocol:From");
        var written = from.GetChildren().Select(child => child.Value).Append(from.Value);
        var networks = NetworkList.Parse(written);
        if (networks.Count > 0)
        {
            var faults = listen.ApplicationServices.GetRequiredService<ProxyHeaderFaults>();
            var time = listen.ApplicationServices.GetRequiredService<TimeProvider>();
            listen.Use(next =>
                new ProxyHeaderMiddleware(next, networks, () => faults.Count(endpoint.Key), time).OnConnectionAsync);
        }

        return networks;
    }

    private static IConfigurationSection? Find(IConfiguration configuration, IPEndPoint endPoint) =>
        configuration.GetSection("Kestrel:Endpoints").GetChildren()
            .FirstOrDefault(endpoint => ListenUrl.EndPoints(endpoint["Url"]).Contains(endPoint));
}
