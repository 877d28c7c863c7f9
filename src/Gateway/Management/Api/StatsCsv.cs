using System.Globalization;
using System.Text;
using Gateway.Configuration;
using Gateway.Management.Access;
using Gateway.Management.History;
using Gateway.Management.Views;
using Gateway.Relay;

namespace Gateway.Management.Api;

/// <summary>The statistics as HAProxy writes them, for everything that reads those.</summary>
/// <remarks>HAProxy 2.6 management guide, section 9.1 "CSV format": the columns by name and order; what Gateway does not
/// count is empty. A virtual server and an HTTP route is a frontend, a cluster a backend, a destination a server.</remarks>
internal static class StatsCsv
{
    /// <summary>Name of the constraint that <see cref="Request"/> is.</summary>
    public const string Constraint = "haproxy";

    private const string Pattern = $"/{{request:{Constraint}}}";

    /// <summary>What HAProxy understands behind its path, in any order: <c>csv</c>, <c>up</c> (only servers that are), <c>no-maint</c>
    /// (none in maintenance), and <c>norefresh</c> and others that are about its page.</summary>
    internal sealed class Request : IRouteConstraint
    {
        public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
            Convert.ToString(values[routeKey], CultureInfo.InvariantCulture)?.Split(';') is ["" or "stats" or "haproxy", .. var wishes]
            && wishes.Contains("csv") && wishes.All(wish => wish.Length > 0 && wish.All(c => char.IsAsciiLetterLower(c) || c == '-'));
    }

    private const string Columns =
        "# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight,act,bck,"
        + "chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,rate_lim,rate_max,check_status,"
        + "check_code,check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,req_rate,req_rate_max,req_tot,"
        + "cli_abrt,srv_abrt,comp_in,comp_out,comp_byp,comp_rsp,lastsess,last_chk,last_agt,qtime,ctime,rtime,ttime,agent_status,"
        + "agent_code,agent_duration,check_desc,agent_desc,check_rise,check_fall,check_health,agent_rise,agent_fall,agent_health,addr,"
        + "cookie,mode,algo,";

    private static readonly string[] _classes = ["hrsp_1xx", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx", "hrsp_other"];

    private static readonly int _width = Columns.Count(c => c == ',');
    private static readonly Dictionary<string, int> _places =
        Columns[2..].Split(',').Index().ToDictionary(pair => pair.Item, pair => pair.Index);

    public static void Map(IEndpointRouteBuilder app) =>
        app.MapGet(Pattern, (Inventory inventory, RelayService relay, ConfigurationInForce configuration, RouteTraffic routes, TimeProvider time, string request) =>
                TypedResults.Text(Write(inventory, relay, configuration.Current, routes, time.GetUtcNow(), request.Split(';')), "text/plain", Encoding.UTF8))
            .Requires(Role.Viewer).ExcludeFromDescription();

    private static string Write(
        Inventory inventory, RelayService relay, LoadedConfiguration configuration, RouteTraffic routes, DateTimeOffset now, string[] wishes)
    {
        var text = new StringBuilder(Columns).Append('\n');
        var proxy = 0;
        foreach (var route in configuration.Section("ReverseProxy:Routes").Children)
        {
            var counts = routes.Of(route.Id);
            Row(text, route.Id, "FRONTEND", ++proxy, 0, 0, [
                ("stot", counts.Sum()), ("req_tot", counts.Sum()), ("status", "OPEN"), ("mode", "http"),
                .. _classes.Zip(counts, (column, count) => (column, (object?)count)),
            ]);
        }

        foreach (var server in relay.VirtualServers)
        {
            Row(text, server.Id, "FRONTEND", ++proxy, 0, 0, [
                ("scur", server.Active), ("slim", server.Options.MaxConnections), ("stot", server.Accepted),
                ("bin", server.BytesReceived), ("bout", server.BytesSent), ("status", "OPEN"),
                ("dreq", server.Ended(ConnectionEnd.Limit)), ("mode", "tcp"),
            ]);
        }

        foreach (var cluster in inventory.Snapshot.Clusters)
        {
            proxy++;
            var number = 0;
            foreach (var destination in cluster.Destinations)
            {
                number++;
                if (inventory.Of(destination) is var view && IsWanted(view, wishes))
                {
                    WriteServer(text, view, proxy, number, now);
                }
            }

            WriteBackend(text, inventory.Of(cluster, withDestinations: true), proxy);
        }

        return text.ToString();
    }

    private static bool IsWanted(DestinationView view, string[] wishes) =>
        (!wishes.Contains("up") || Status(view.State) == "UP") && (!wishes.Contains("no-maint") || Status(view.State) != "MAINT");

    private static void WriteServer(StringBuilder text, DestinationView view, int proxy, int number, DateTimeOffset now) =>
        Row(text, view.Cluster, view.Id, proxy, number, 2, [
            ("qcur", 0), ("scur", view.Active + view.Inactive), ("slim", view.MaxConnections == 0 ? null : view.MaxConnections),
            ("stot", view.Flows), ("bin", view.BytesSent), ("bout", view.BytesReceived),
            ("econ", Sum(view, "connect_")), ("eresp", Sum(view, "response_")), ("wredis", view.Retries),
            ("status", Status(view.State)), ("weight", view.EffectiveWeight), ("act", view.Backup ? 0 : 1), ("bck", view.Backup ? 1 : 0),
            ("lastchg", Math.Max(0, (long)(now - view.Words.ProbeSince).TotalSeconds)), ("lbtot", view.Flows), ("rate", view.Rate),
            ("check_status", view.LastProbe is null ? "" : view.LastProbe.Outcome == "passed" ? "L7OK" : "L7RSP"),
            ("check_duration", view.LastProbe is null ? null : Math.Round(view.LastProbe.Milliseconds)), ("addr", view.Address),
        ]);

    private static void WriteBackend(StringBuilder text, ClusterView view, int proxy) =>
        Row(text, view.Id, "BACKEND", proxy, 0, 1, [
            ("qcur", view.Queue?.Waiting ?? 0), ("scur", view.Active), ("stot", view.Flows),
            ("bin", view.Destinations!.Sum(d => d.BytesSent)), ("bout", view.Destinations!.Sum(d => d.BytesReceived)),
            ("econ", view.Destinations!.Sum(d => Sum(d, "connect_"))), ("eresp", view.Destinations!.Sum(d => Sum(d, "response_"))),
            ("dreq", view.Queue?.Refused),
            ("wredis", view.Destinations!.Sum(d => d.Retries)), ("status", view.Ready > 0 ? "UP" : "DOWN"),
            ("weight", view.Destinations!.Sum(d => d.EffectiveWeight)),
            ("act", view.Destinations!.Count(d => !d.Backup && d.State == "ready")),
            ("bck", view.Destinations!.Count(d => d.Backup && d.State == "ready")), ("lbtot", view.Flows), ("rate", view.Rate), ("algo", view.Scheduler),
        ]);

    private static string Status(string state) => state switch
    {
        "ready" or "full" => "UP",
        "drain" => "DRAIN",
        "maintenance" => "MAINT",
        _ => "DOWN",
    };

    private static long Sum(DestinationView view, string prefix) =>
        view.ErrorsByReason.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)).Sum(pair => pair.Value);

    private static void Row(
        StringBuilder text, string proxyName, string serverName, int proxy, int server, int type, (string Column, object? Value)[] values)
    {
        var cells = new string[_width];
        Array.Fill(cells, "");
        cells[0] = Quoted(proxyName);
        cells[1] = Quoted(serverName);
        foreach (var (column, value) in values.Append(("pid", 1)).Append(("iid", proxy)).Append(("sid", server)).Append(("type", type)))
        {
            cells[_places[column]] = Quoted(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
        }

        text.AppendJoin(',', cells).Append(",\n");
    }

    /// <summary>Ids are free text: what would end a cell or a line is quoted.</summary>
    private static string Quoted(string name) =>
        name.AsSpan().IndexOfAny("\",\r\n") < 0 ? name : $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
