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
            foreach (var endPoint in OfUrl(section.Value))
            {
                yield return (section, endPoint, false);
            }
        }
    }

    /// <summary>Kestrel listens on all addresses of both families for any host that is neither an address nor
    /// <c>localhost</c>.</summary>
    private static IEnumerable<IPEndPoint> OfUrl(string? url)
    {
        BindingAddress binding;
        try
        {
            binding = BindingAddress.Parse(url ?? "");
        }
        catch (FormatException)
        {
            // The schema's pattern has reported it.
            return [];
        }

        if (binding.IsUnixPipe || binding.IsNamedPipe)
        {
            return [];
        }

        return IPAddress.TryParse(binding.Host, out var address) ? [new IPEndPoint(address, binding.Port)]
            : string.Equals(binding.Host, "localhost", StringComparison.OrdinalIgnoreCase)
                ? [new IPEndPoint(IPAddress.Loopback, binding.Port),
                    new IPEndPoint(IPAddress.IPv6Loopback, binding.Port)]
                : [new IPEndPoint(IPAddress.Any, binding.Port), new IPEndPoint(IPAddress.IPv6Any, binding.Port)];
    }

    /// <summary>Port 0 asks the system for any free port and is in nobody's way.</summary>
    private static bool Overlap(IPEndPoint a, IPEndPoint b) =>
        a.Port == b.Port && a.Port != 0 && a.AddressFamily == b.AddressFamily
        && (a.Address.Equals(b.Address) || IsAny(a.Address) || IsAny(b.Address));

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}
