using System.Globalization;
using Gateway.Clusters;

namespace Gateway.Configuration;

/// <summary>Reads YARP's <c>HealthCheck:Active</c> as a probe, so that a configuration written for YARP is probed as
/// YARP would.</summary>
/// <remarks>YARP's defaults hold, not those of <c>Probe</c>: every 15 seconds, 10 seconds of patience, any 2xx is good,
/// up until two failures in a row (or <c>ConsecutiveFailuresHealthPolicy.Threshold</c> in the metadata), up again at
/// once.</remarks>
internal static class ActiveHealthCheckSection
{
    private const string ThresholdKey = "ConsecutiveFailuresHealthPolicy.Threshold";

    public static ProbeOptions Read(Section cluster, Section section, IReadOnlyList<DestinationOptions> destinations)
    {
        var timeout = section.YarpTime("Timeout", TimeSpan.FromSeconds(10));
        var interval = section.YarpTime("Interval", TimeSpan.FromSeconds(15));
        var addresses = destinations.Select(d => (d.Id, Address: d.ProbeAddress ?? d.Address)).ToList();
        foreach (var (id, address) in addresses.Where(a => a.Address.Scheme is not ("http" or "https")))
        {
            section.Error("Enabled", $"asks for HTTP, and destination '{id}' is {address}",
                "Use Probe with Kind tcp, or give the destination a Health address with http://.");
        }

        return new ProbeOptions
        {
            Kind = addresses is [var first, ..] && first.Address.Scheme == "https" ? "https" : "http",
            Timeout = timeout,
            // YARP starts the next round when the slowest probe has ended.
            Interval = interval > timeout ? interval : timeout,
            InitiallyUp = true,
            Rise = 1,
            Fall = ReadThreshold(cluster.Child("Metadata")),
            Path = "/" + section.Text("Path", "").TrimStart('/') + Query(section.Text("Query", "")),
            Status = "200-299",
            VerifyCertificate = !cluster.Child("HttpClient").Flag("DangerousAcceptAnyServerCertificate", false),
        };
    }

    private static string Query(string query) => query.Length == 0 || query.StartsWith('?') ? query : "?" + query;

    private static int ReadThreshold(Section metadata)
    {
        if (metadata.Text(ThresholdKey) is not { } text)
        {
            return 2;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var threshold) && threshold > 0)
        {
            return threshold;
        }

        metadata.Error(ThresholdKey, "is not a whole number of at least 1",
            "Write how many failed probes in a row take a destination down.");
        return 2;
    }
}
