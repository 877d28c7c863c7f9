using System.Net;
using System.Net.Sockets;

namespace Gateway.Configuration;

/// <summary>One address that a configuration asks to listen on.</summary>
/// <param name="Section">Where it is written, or would be where it is not.</param>
/// <param name="EndPoint">Address and port; port 0 asks the system for any free one.</param>
/// <param name="IsUdp">Whether it is for datagrams.</param>
/// <param name="IsOptional">Whether the listener does without it where the machine has no such address: the IPv6 half of
/// <c>*</c> and <c>localhost</c>.</param>
/// <param name="IsAssigned">Whether Gateway gives the machine the address before it listens.</param>
internal readonly record struct ListenClaim(Section Section, IPEndPoint EndPoint, bool IsUdp, bool IsOptional = false, bool IsAssigned = false)
{
    /// <summary>All addresses of virtual servers, the metrics and management listeners and Kestrel's endpoints, in this
    /// order.</summary>
    public static IEnumerable<ListenClaim> Of(Section root) =>
        [.. OfVirtualServers(root), .. OfTelemetry(root), .. OfManagement(root), .. OfKestrel(root)];

    /// <summary>The addresses of everything that a reload opens and closes: all but the metrics and management
    /// listeners.</summary>
    public static IEnumerable<ListenClaim> OfTraffic(Section root) => [.. OfVirtualServers(root), .. OfKestrel(root)];

    /// <summary>Whether the two cannot be listened on at once. Port 0 is in nobody's way.</summary>
    public bool Overlaps(ListenClaim other)
    {
        var (a, b) = (EndPoint, other.EndPoint);
        return IsUdp == other.IsUdp && a.Port == b.Port && a.Port != 0 && a.AddressFamily == b.AddressFamily
            && (a.Address.Equals(b.Address) || IsAny(a.Address) || IsAny(b.Address));
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static IEnumerable<ListenClaim> OfVirtualServers(Section root)
    {
        foreach (var server in root.Child("VirtualServers").Children)
        {
            var isUdp = string.Equals(server.Text("Protocol"), "udp", StringComparison.OrdinalIgnoreCase);
            foreach (var section in server.Child("Listen").Elements)
            {
                foreach (var endPoint in ListenAddresses.Parse(section.Value))
                {
                    yield return new ListenClaim(section, endPoint, isUdp) with { IsAssigned = server.Flag("AssignAddress", false) };
                }
            }
        }
    }

    private static IEnumerable<ListenClaim> OfTelemetry(Section root) => OfList(root, "Telemetry");

    private static IEnumerable<ListenClaim> OfManagement(Section root) => OfList(root, "Management");

    /// <summary>What the <c>Listen</c> of a section says, or the schema where nothing is written.</summary>
    private static IEnumerable<ListenClaim> OfList(Section root, string section)
    {
        var list = root.Child(section).Child("Listen");
        if (!list.Exists)
        {
            yield return new ListenClaim(list, ListenAddress.Parse(Schema.Gateway.Nearest(list.Path).Default)!, IsUdp: false);
        }

        foreach (var element in list.Elements)
        {
            if (ListenAddress.Parse(element.Value) is { } endPoint)
            {
                yield return new ListenClaim(element, endPoint, IsUdp: false);
            }
        }
    }

    private static IEnumerable<ListenClaim> OfKestrel(Section root)
    {
        foreach (var section in root.Child("Kestrel").Child("Endpoints").Children.Select(endpoint => endpoint.Child("Url")))
        {
            var endPoints = ListenUrl.EndPoints(section.Value);
            foreach (var endPoint in endPoints)
            {
                var isOptional = endPoints.Count > 1 && endPoint.AddressFamily == AddressFamily.InterNetworkV6;
                yield return new ListenClaim(section, endPoint, IsUdp: false, isOptional);
            }
        }
    }
}
