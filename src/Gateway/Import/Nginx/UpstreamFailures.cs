using System.Globalization;

namespace Gateway.Import.Nginx;

/// <summary>Translates when servers of an upstream are taken out because requests to them failed: <c>PassiveCheck</c> of the cluster.
/// </summary>
/// <remarks>nginx takes a server out for <c>fail_timeout</c> (10 s) after <c>max_fails</c> (1) failures within that time, told or not, unless
/// it is the only one.</remarks>
internal static class UpstreamFailures
{
    private const int DefaultFails = 1;
    private const int MostFails = 100_000;

    private static readonly TimeSpan _defaultTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _shortest = TimeSpan.FromMilliseconds(100);

    /// <summary>What a server says, and what holds for it.</summary>
    private sealed record Limits(Statement Server, long? ToldFails, TimeSpan? ToldTime)
    {
        public long Fails => ToldFails ?? DefaultFails;

        public TimeSpan Time => ToldTime ?? _defaultTime;
    }

    /// <summary>Whether a parameter of a server is one that is read here, with a value that Gateway can have.</summary>
    public static bool IsLimit(string name, string value) => name == "max_fails" ? Fails(value) is not null : Time(value) is not null;

    /// <param name="cluster">The cluster.</param>
    /// <param name="block">The upstream; its servers are judged already.</param>
    /// <param name="scheme">http, https, tcp or udp.</param>
    /// <param name="statuses">Statuses that count against a server.</param>
    public static void Translate(Draft cluster, Statement block, string scheme, IReadOnlyList<string> statuses)
    {
        var servers = block.Body.Where(statement => statement.Name == "server" && !statement.Words.Contains("down")).Select(Read).ToList();
        var limited = servers.Where(server => server.Fails > 0).ToList();
        if (limited.Count == 0 || scheme == "udp" || IsAlone(servers))
        {
            foreach (var server in servers.Where(server => server.ToldFails > 0 || server.ToldTime is not null))
            {
                server.Server.Judge(scheme == "udp" && server.Fails > 0 ? Verdict.Approximated : Verdict.Same,
                    server.Fails == 0 ? "fail_timeout is of no effect with max_fails=0"
                    : scheme == "udp" ? "max_fails and fail_timeout: datagrams tell of no failure; write a Probe to the cluster"
                    : "max_fails and fail_timeout are of no effect: a server that is alone is not taken out");
            }

            if (limited.Count > 0 && scheme == "udp")
            {
                block.Approximated("servers that do not answer are not taken out: write a Probe to the cluster");
            }

            return;
        }

        var fails = (limited.LastOrDefault(server => server.ToldFails is not null) ?? limited[0]).Fails;
        var time = (limited.LastOrDefault(server => server.ToldTime is not null) ?? limited[0]).Time;
        var passive = cluster.Section("PassiveCheck").Set("Failures", fails);
        // 403 and 404 are never held against a server.
        if (statuses.Where(status => status is not ("403" or "404")).ToList() is { Count: > 0 } counted)
        {
            passive.Set("Statuses", counted);
        }

        passive.Set("Ejection", time).Set("LongestEjection", time).Set("MostEjected", 100);
        foreach (var server in servers)
        {
            Tell(server, fails, time);
        }

        if (fails == DefaultFails && time == _defaultTime && limited.Exists(server => server.ToldFails is null && server.ToldTime is null))
        {
            block.Same("PassiveCheck: without max_fails and fail_timeout a server is out for 10 seconds after one failure");
        }
    }

    /// <summary>A name may have several addresses, which are servers of their own.</summary>
    private static bool IsAlone(List<Limits> servers) =>
        servers is [var only] && Words.Address(Words.Split(only.Server.Words.ElementAtOrDefault(1) ?? "").Host) is not null;

    private static void Tell(Limits server, long fails, TimeSpan time)
    {
        if (server.Fails == 0)
        {
            server.Server.Approximated("max_fails=0: PassiveCheck of the cluster holds for this one, too");
            return;
        }

        if (server.ToldFails is not null)
        {
            server.Server.Approximated("max_fails: PassiveCheck of the cluster, for all its servers; failures in a row are counted");
        }

        if (server.ToldTime is not null)
        {
            server.Server.Approximated("fail_timeout: Ejection and LongestEjection of PassiveCheck, for all servers of the cluster");
        }

        if (server.Fails != fails || server.Time != time)
        {
            server.Server.Approximated(string.Create(CultureInfo.InvariantCulture,
                $"is out for {time.TotalSeconds} s after {fails} failures, as all servers of the cluster, not for {server.Time.TotalSeconds} s after {server.Fails}"));
        }
    }

    private static Limits Read(Statement server)
    {
        string? Last(string name) => server.Words.LastOrDefault(word => word.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];
        return new Limits(server, Last("max_fails") is { } fails ? Fails(fails) : null, Last("fail_timeout") is { } time ? Time(time) : null);
    }

    private static long? Fails(string word) => Words.Whole(word) is <= MostFails and var fails ? fails : null;

    private static TimeSpan? Time(string word) => NginxTime.Parse(word) is { } time && time >= _shortest ? time : null;
}
