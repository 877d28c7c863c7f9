using System.Globalization;
using System.Net;

namespace Gateway.Import;

/// <summary>The rooms of the configuration that an import builds, over one draft.</summary>
internal sealed class Blueprint(Draft root)
{
    /// <summary>Where metrics are listened for unless the configuration says otherwise.</summary>
    private const int MetricsPort = 9464;

    /// <summary>Where management is listened for on 127.0.0.1 unless the configuration says otherwise.</summary>
    private const int ManagementPort = 3636;

    private readonly HashSet<string> _cookies = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<(string Protocol, int Port), List<(IPEndPoint EndPoint, string Owner, bool IsDual)>> _listeners = [];
    private readonly Dictionary<(int Port, bool IsTls), Draft> _wildcards = [];
    private readonly Dictionary<(int Status, string? Body, string? Type, string? Redirect), string> _answers = [];

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

    /// <summary>The cluster without destinations that gives this answer to every request: of a status and perhaps a body, or else a
    /// redirect.</summary>
    public string AddAnswer(int status, string? body, string? contentType, string? redirectTo)
    {
        // Answers of these have none.
        body = status is 204 or 205 or 304 ? null : body;
        var key = (status, body, contentType, redirectTo);
        if (_answers.TryGetValue(key, out var known))
        {
            return known;
        }

        var (id, cluster) = AddCluster(redirectTo is not null ? "answer-302" : string.Create(CultureInfo.InvariantCulture, $"answer-{status}"),
            "Has no destination, so that every request gets this answer.");
        var sorry = cluster.Section("Sorry");
        if (redirectTo is not null)
        {
            sorry.Set("RedirectTo", redirectTo);
        }
        else
        {
            sorry.Set("Status", status);
            if (body is not null)
            {
                sorry.Set("Body", body).Set("ContentType", contentType ?? "text/plain");
            }
        }

        cluster.Section("Destinations");
        return _answers[key] = id;
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
    public string? Claim(IPEndPoint endPoint, string protocol, string owner) => Claim(endPoint, protocol, owner, isDual: false);

    /// <summary>The endpoint of Kestrel at this address: a new one, or, as an endpoint of all IPv6 addresses takes IPv4 clients too, the
    /// one that serves all addresses of the port already.</summary>
    /// <param name="endPoint">Where to listen.</param>
    /// <param name="isTls">Whether it speaks TLS.</param>
    /// <param name="owner">Who asks; its name becomes that of a new endpoint.</param>
    /// <param name="taken">Who has the address already; null when nobody else.</param>
    /// <returns>The endpoint, or null when the address is taken.</returns>
    public Draft? AddEndpoint(IPEndPoint endPoint, bool isTls, string owner, out string? taken)
    {
        taken = null;
        var scheme = isTls ? "https" : "http";
        if (IsAny(endPoint.Address) && _wildcards.TryGetValue((endPoint.Port, isTls), out var known))
        {
            var dual = new IPEndPoint(IPAddress.IPv6Any, endPoint.Port);
            if (known.Text("Url") == $"{scheme}://{dual}" || endPoint.Address.Equals(IPAddress.Any))
            {
                return known;
            }

            taken = Claim(dual, "tcp", owner, isDual: true, except: known);
            if (taken is null)
            {
                known.Set("Url", $"{scheme}://{dual}");
            }

            return taken is null ? known : null;
        }

        taken = Claim(endPoint, "tcp", owner, isDual: endPoint.Address.Equals(IPAddress.IPv6Any));
        if (taken is not null)
        {
            return null;
        }

        var endpoint = Endpoints.Section(Endpoints.NewKey(owner)).Set("Url", $"{scheme}://{endPoint}");
        if (IsAny(endPoint.Address))
        {
            _wildcards[(endPoint.Port, isTls)] = endpoint;
        }

        return endpoint;
    }

    private string? Claim(IPEndPoint endPoint, string protocol, string owner, bool isDual, Draft? except = null)
    {
        if (!_listeners.TryGetValue((protocol, endPoint.Port), out var ofPort))
        {
            _listeners[(protocol, endPoint.Port)] = ofPort = [];
        }

        var earlier = ofPort.Find(taken => Overlap(taken.EndPoint, endPoint, isDual || taken.IsDual)
            && (except is null || !IsAny(taken.EndPoint.Address))).Owner;
        if (earlier is not null)
        {
            return earlier;
        }

        if (endPoint.Port == MetricsPort && protocol == "tcp")
        {
            root.Section("Telemetry").Set("Listen", []);
            root.Comment("Telemetry", $"Port {MetricsPort} is in use below; name another one here to have metrics.");
        }

        if (endPoint.Port == ManagementPort && protocol == "tcp" && (IsAny(endPoint.Address) || endPoint.Address.Equals(IPAddress.Loopback)))
        {
            root.Section("Management").Set("Listen", []);
            root.Comment("Management", $"Port {ManagementPort} is in use below; name another one here to have pages and API.");
        }

        ofPort.Add((endPoint, owner, isDual));
        return null;
    }

    private static bool Overlap(IPEndPoint one, IPEndPoint other, bool isDual) =>
        one.Port == other.Port && (isDual || one.AddressFamily == other.AddressFamily)
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
