using System.Net;

namespace Gateway.Configuration;

/// <summary>Finds addresses that two listeners ask for: virtual servers, Kestrel's endpoints and the metrics
/// listener.</summary>
internal static class ListenConflicts
{
    public static void Check(Section root)
    {
        var taken = new List<(Section Section, IPEndPoint EndPoint, bool IsUdp)>();
        foreach (var (section, endPoint, isUdp) in Claims(root))
        {
            var earlier = taken.FirstOrDefault(other => other.IsUdp == isUdp && Overlap(other.EndPoint, endPoint));
            if (earlier.EndPoint is not null && earlier.Section.Path != section.Path)
            {
                section.Error($"is taken by {earlier.Section.Path}, {earlier.Section.Value}",
                    "Use another port or another address.");
            }

            taken.Add((section, endPoint, isUdp));
        }
    }

    private static IEnumerable<(Section Section, IPEndPoint EndPoint, bool IsUdp)> Claims(Section root)
    {
        foreach (var server in root.Child("VirtualServers").Children)
        {
            var isUdp = string.Equals(server.Text("Protocol"), "udp", StringComparison.OrdinalIgnoreCase);
            foreach (var section in server.Child("Listen").Elements)
            {
                if (ListenAddress.Parse(section.Value) is { } endPoint)
                {
                    yield return (section, endPoint, isUdp);
                }
            }
        }

        foreach (var section in root.Child("Telemetry").Child("Listen").Elements)
        {
            if (ListenAddress.Parse(section.Value) is { } endPoint)
            {
                yield return (section, endPoint, false);
            }
        }

        var urls = root.Child("Kestrel").Child("Endpoints").Children.Select(endpoint => endpoint.Child("Url"));
        foreach (var section in urls)
        {
            foreach (var endPoint in ListenUrl.EndPoints(section.Value))
            {
                yield return (section, endPoint, false);
            }
        }
    }

    /// <summary>Port 0 asks the system for any free port and is in nobody's way.</summary>
    private static bool Overlap(IPEndPoint a, IPEndPoint b) =>
        a.Port == b.Port && a.Port != 0 && a.AddressFamily == b.AddressFamily
        && (a.Address.Equals(b.Address) || IsAny(a.Address) || IsAny(b.Address));

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}
