using System.Net;

namespace Gateway.Import.Ipvs;

/// <summary>How the servers of one service want their packets forwarded, and what becomes of it once all is known of the service.
/// </summary>
/// <remarks>The kernel forwards for all destinations of a virtual server alike, by NAT or by direct routing, where each is an address
/// and, for direct routing, has the port of the listener. Everything else is relayed.</remarks>
internal sealed class ForwardingWish
{
    private static readonly string[] _byLoad = ["lc", "wlc", "sed", "nq", "ovf", "twos"];
    private static readonly string[] _relayOnly = ["dh", "lblc", "lblcr"];

    private readonly List<(string Method, Statement Statement)> _wishes = [];

    /// <param name="method"><c>direct</c>, <c>nat</c> or <c>tunnel</c>.</param>
    /// <param name="statement">What says so.</param>
    public void Add(string method, Statement statement) => _wishes.Add((method, statement));

    /// <summary>Writes the forwarding of a virtual server whose addresses and cluster are complete.</summary>
    /// <param name="virtualServer">The virtual server.</param>
    /// <param name="cluster">Its cluster.</param>
    /// <param name="tell">Who tells what became of a wish; null tells it in the statement itself.</param>
    /// <returns>Whether the kernel is to forward.</returns>
    public bool Apply(Draft virtualServer, Draft cluster, Action<Verdict, string>? tell = null)
    {
        if (_wishes.Count == 0)
        {
            return false;
        }

        var method = _wishes[0].Method;
        var why = _wishes.Exists(wish => wish.Method != method) ? "all servers of a virtual server are forwarded alike"
            : WhyNot(method, virtualServer, cluster);
        var scheduler = cluster.Text("LoadBalancingPolicy") ?? "";
        var isByLoad = _byLoad.Contains(scheduler);
        foreach (var (wish, statement) in _wishes)
        {
            var judge = tell ?? statement.Judge;
            if (why is null)
            {
                judge(isByLoad ? Verdict.Approximated : Verdict.Same,
                    $"Forwarding {method}: needs the capability NET_ADMIN, and the relay serves without it"
                    + (isByLoad ? $"; in the kernel {scheduler} looks at loads ten times a second, not for each connection" : ""));
            }
            else
            {
                judge(Verdict.Approximated, $"{why}: Forwarding is relay; {Consequence(wish)}");
            }
        }

        if (why is null)
        {
            virtualServer.Set("Forwarding", method);
        }

        return why is null;
    }

    private static string? WhyNot(string method, Draft virtualServer, Draft cluster)
    {
        if (method == "tunnel")
        {
            return "packets are not put into others";
        }

        if (_relayOnly.Contains(cluster.Text("LoadBalancingPolicy")))
        {
            return $"{cluster.Text("LoadBalancingPolicy")} has no form in the kernel";
        }

        var listens = virtualServer.Texts("Listen").Select(text => IPEndPoint.TryParse(text, out var endPoint) ? endPoint : null).ToList();
        if (listens.Count == 0 || listens.Exists(listen => listen is null || listen.Address.Equals(IPAddress.Any) || listen.Address.Equals(IPAddress.IPv6Any)))
        {
            return "the kernel needs one address to listen on";
        }

        var addresses = cluster.Section("Destinations").Entries.Where(entry => !entry.IsOff)
            .Select(entry => new Uri(((Draft)entry.Value).Text("Address")!)).ToList();
        return addresses.Exists(address => !IPAddress.TryParse(address.DnsSafeHost, out _)) ? "the kernel needs addresses of servers, not names"
            : method == "direct" && addresses.Exists(address => listens.Exists(listen => listen!.Port != address.Port))
                ? "direct routing cannot change the port"
            : null;
    }

    private static string Consequence(string method) => method switch
    {
        "direct" => "answers pass Gateway instead of going straight to the client, and servers see Gateway's address",
        "tunnel" => "no tunnel is needed, answers pass Gateway, and servers see Gateway's address",
        _ => "servers see Gateway's address instead of the client's",
    };
}
