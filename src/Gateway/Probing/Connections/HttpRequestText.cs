using System.Text;
using Gateway.Clusters;

namespace Gateway.Probing.Connections;

/// <summary>The parts of a probe's HTTP request.</summary>
internal static class HttpRequestText
{
    public const string UserAgent = "Gateway-Probe";

    /// <summary>Path and query, in ASCII and with a slash first.</summary>
    public static string PathOf(ProbeOptions options)
    {
        var path = options.Path.StartsWith('/') ? options.Path : "/" + options.Path;
        return Ascii.IsValid(path) ? path : new Uri($"http://host{path}").PathAndQuery;
    }

    /// <summary>What follows the Host header.</summary>
    public static string TailOf(ProbeOptions options)
    {
        var tail = new StringBuilder("Connection: close\r\n");
        if (!options.Headers.Any(header => header.Name.Equals("User-Agent", StringComparison.OrdinalIgnoreCase)))
        {
            tail.Append("User-Agent: ").Append(UserAgent).Append("\r\n");
        }

        foreach (var (name, value) in options.Headers)
        {
            tail.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        return tail.Append("\r\n").ToString();
    }

    /// <summary>The probe's own host, else the destination's, else the address that is probed, without a port that goes
    /// without saying.</summary>
    public static string HostOf(ProbeOptions options, ProbeTarget target, int defaultPort)
    {
        if ((options.Host ?? target.Host) is { } host)
        {
            return host;
        }

        var suffix = $":{defaultPort}";
        return target.Authority.EndsWith(suffix, StringComparison.Ordinal)
            ? target.Authority[..^suffix.Length]
            : target.Authority;
    }
}
