using System.Globalization;
using System.Net;

namespace Gateway.Import;

/// <summary>The rooms of the configuration that an import builds, over one draft.</summary>
internal sealed class Blueprint(Draft root)
{
    /// <summary>Where metrics are listened for unless the configuration says otherwise.</summary>
    private const int MetricsPort = 9464;

    private readonly HashSet<string> _cookies = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<(IPEndPoint EndPoint, string Protocol, string Owner)> _listeners = [];

    public Draft Root => root;

    public Draft Clusters => root.Section("ReverseProxy").Section("Clusters");

    public Draft Routes => root.Section("ReverseProxy").Section("Routes");

    public Draft VirtualServers => root.Section("VirtualServers");

    public Draft Endpoints => root.Section("Kestrel").Section("Endpoints");

    /// <summary>Adds a cluster by this name, or one like it, and says which.</summary>
    public (string Id, Draft Cluster) AddCluster(string name, string comment)
    {
        var id = Clusters.NewKey(name);
        var cluster = Clusters.Section(id);
        Clusters.Comment(id, comment);
        return (id, cluster);
    }

    /// <summary>Adds a virtual server by this name, or one like it, and says which.</summary>
    public (string Id, Draft Server) AddVirtualServer(string name, string protocol, string clusterId, string comment)
    {
        var id = VirtualServers.NewKey(name);
        var server = VirtualServers.Section(id);
        VirtualServers.Comment(id, comment);
        server.Set("Listen", []).Set("Protocol", protocol).Set("ClusterId", clusterId);
        return (id, server);
    }

    /// <summary>Claims an address for a listener. Returns who has it already, alone or as one of all addresses, else null.
    /// </summary>
    public string? Claim(IPEndPoint endPoint, string protocol, string owner)
    {
        if (_listeners.Find(taken => taken.Protocol == protocol && Overlap(taken.EndPoint, endPoint)).Owner is { } earlier)
        {
            return earlier;
        }

        if (endPoint.Port == MetricsPort && protocol == "tcp")
        {
            root.Section("Telemetry").Set("Listen", []);
            root.Comment("Telemetry", $"Port {MetricsPort} is in use below; name another one here to have metrics.");
        }

        _listeners.Add((endPoint, protocol, owner));
        return null;
    }

    private static bool Overlap(IPEndPoint one, IPEndPoint other) =>
        one.Port == other.Port && one.AddressFamily == other.AddressFamily
        && (one.Address.Equals(other.Address) || IsAny(one.Address) || IsAny(other.Address));

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    /// <summary>A name for a cookie that no other cluster has, as YARP demands.</summary>
    public string NewCookie(string wanted)
    {
        var name = wanted;
        for (var i = 2; !_cookies.Add(name); i++)
        {
            name = string.Create(CultureInfo.InvariantCulture, $"{wanted}-{i}");
        }

        return name;
    }

    /// <summary>Adds a destination to a cluster, at most once for each address.</summary>
    /// <returns>The destination, or null when the cluster has this address already.</returns>
    public static (string Id, Draft Destination)? AddDestination(Draft cluster, string name, string address)
    {
        var destinations = cluster.Section("Destinations");
        if (destinations.Entries.Any(entry => ((Draft)entry.Value).Text("Address") == address && !entry.IsOff))
        {
            return null;
        }

        var id = destinations.NewKey(name);
        return (id, destinations.Section(id).Set("Address", address));
    }

    public static string AtLine(int line, string text) => string.Create(CultureInfo.InvariantCulture, $"Line {line}: {text}");
}
