using System.Globalization;
using System.Net;
using Gateway.Clusters;

namespace Gateway.Probing;

/// <summary>Where to look: the part of a destination that a prober may know. Equal targets are probed alike.</summary>
/// <param name="EndPoint">Address or name, and port, to connect to.</param>
/// <param name="Host">The host name HTTP requests to the destination carry; null is the address itself.</param>
/// <param name="PathBase">What the destination's address has for a path, without a slash at its end; YARP puts it before
/// the path of every request, probes too.</param>
internal sealed record ProbeTarget(EndPoint EndPoint, string? Host = null, string PathBase = "")
{
    public static ProbeTarget Of(DestinationOptions destination, ProbeOptions probe)
    {
        var address = destination.ProbeAddress ?? destination.Address;
        var host = probe.Address ?? address.DnsSafeHost;
        var port = probe.Port ?? address.Port;
        EndPoint endPoint = IPAddress.TryParse(host, out var ip)
            ? new IPEndPoint(ip, port)
            : new DnsEndPoint(host, port);
        var isOfDestination = probe.Address is null && address.DnsSafeHost == destination.Address.DnsSafeHost;
        return new ProbeTarget(endPoint, destination.Host, address.AbsolutePath.TrimEnd('/'))
        {
            Name = isOfDestination && destination.Name is not null ? destination.CertificateHost : null,
        };
    }

    /// <summary>The name that the address was found under; null when it is as configured.</summary>
    public string? Name { get; init; }

    /// <summary>Address or name, and port, for a command.</summary>
    public (string Host, string Port) Parts => EndPoint switch
    {
        IPEndPoint ip => (ip.Address.ToString(), ip.Port.ToString(CultureInfo.InvariantCulture)),
        DnsEndPoint name => (name.Host, name.Port.ToString(CultureInfo.InvariantCulture)),
        _ => throw new NotSupportedException(EndPoint.GetType().Name),
    };

    /// <summary>The name for TLS when the probe itself has none: that of the destination, else the address.</summary>
    public string TlsName => Host is not null ? HostOf(Host) : Name ?? HostOf(Authority);

    /// <summary>The host of an authority, IPv6 without brackets.</summary>
    public static string HostOf(string authority) =>
        Uri.TryCreate($"https://{authority}", UriKind.Absolute, out var uri) ? uri.DnsSafeHost : authority;

    /// <summary>Address or name and port as a URL writes them, IPv6 in brackets.</summary>
    public string Authority => EndPoint is DnsEndPoint name ? $"{name.Host}:{name.Port}" : $"{EndPoint}";
}
