using System.Globalization;

namespace Gateway.Import.Haproxy;

/// <summary>Translates the checks of a backend into the probe of its cluster.</summary>
/// <remarks>
/// haproxy checks a server every <c>inter</c> (2 s), counts it down after <c>fall</c> (3) failures and up after <c>rise</c> (2)
/// successes, and takes it to be up at the start. A check has <c>timeout check</c>, else <c>inter</c>, to end. Without an option it connects;
/// <c>option httpchk</c> asks for a page (OPTIONS /), which any 2xx or 3xx answers.
/// </remarks>
internal sealed class CheckImport(Proxy proxy, IReadOnlyList<ServerLine> servers, bool isHttp)
{
    /// <summary>What haproxy counts as a failure of an answer among 400 to 599.</summary>
    private static readonly string[] _failures = ["500", "502", "503", "504"];

    private static readonly string[] _agents = ["agent-port", "agent-inter", "agent-send"];
    private static readonly string[] _paces = ["inter", "fastinter", "downinter", "rise", "fall"];
    private static readonly TimeSpan _longest = TimeSpan.FromDays(1);
    private static readonly TimeSpan _shortest = TimeSpan.FromMilliseconds(50);

    public void Translate(Draft cluster)
    {
        if (servers.FirstOrDefault(server => server.IsChecked) is { } first)
        {
            Checks(cluster, first);
        }
        else
        {
            foreach (var line in CheckKind.Lines(proxy))
            {
                line.Whole(Verdict.Same, "of no effect: no server is checked");
            }
        }

        Agent(cluster);
        Observe(cluster);
    }

    private void Checks(Draft cluster, ServerLine first)
    {
        var probe = cluster.Section("Probe");
        var isTlsForced = CheckKind.Translate(probe, proxy);
        HealthTls.Translate(probe, first, isTlsForced);
        Pace(probe, first);
        foreach (var server in servers)
        {
            Differences(server, first);
        }
    }

    private void Pace(Draft probe, ServerLine first)
    {
        var interval = Clamp(Time(first, "inter") ?? TimeSpan.FromSeconds(2), _shortest, _longest);
        var timeout = Clamp(proxy.Timeout("check") is { Time: var given } && given > TimeSpan.Zero ? given : interval, TimeSpan.FromMilliseconds(10), interval);
        probe.Set("Interval", interval).Set("Timeout", timeout)
            .Set("Rise", Count(first, "rise", 2)).Set("Fall", Count(first, "fall", 3)).Set("InitiallyUp", true);
        foreach (var (name, key) in new[] { ("fastinter", "FastInterval"), ("downinter", "DownInterval") })
        {
            if (Time(first, name) is { } time)
            {
                probe.Set(key, Clamp(time, _shortest, _longest));
            }
        }
    }

    /// <summary>The agent of the servers, asked as a probe beside the checks: that of the first server which has one.</summary>
    private void Agent(Draft cluster)
    {
        if (servers.FirstOrDefault(server => server.Has("agent-check") && server.Has("agent-port")) is not { } first)
        {
            return;
        }

        if (Words.Port(first.Option("agent-port")!) is not { } port)
        {
            first.Tell("agent-port", Verdict.Impossible, $"agent-port '{first.Option("agent-port")}' is no port: there is no agent");
            return;
        }

        var interval = Clamp(Time(first, "agent-inter") ?? TimeSpan.FromSeconds(2), _shortest, _longest);
        var agent = (cluster.Has("Probe") ? cluster.Append("Probes") : cluster.Section("Probe"))
            .Set("Kind", "agent").Set("Port", port).Set("Interval", interval).Set("Timeout", interval);
        if (first.Option("agent-send") is { Length: > 0 } send)
        {
            agent.Set("Send", send);
        }

        foreach (var server in servers.Where(server => server != first))
        {
            if (!server.Has("agent-check"))
            {
                server.Line.Approximated($"is asked for an agent at port {port}, too: a cluster has one for all its servers");
            }
            else if (_agents.Any(name => server.Option(name) != first.Option(name)))
            {
                server.Line.Approximated($"its agent is asked as that of {first.Line.Value} is");
            }
        }
    }

    /// <summary>What live traffic says of servers.</summary>
    private void Observe(Draft cluster)
    {
        if (servers.FirstOrDefault(server => server.Has("observe")) is not { } first)
        {
            return;
        }

        var action = first.Option("on-error") ?? "fail-check";
        var passive = cluster.Section("PassiveCheck");
        passive.Set("Failures", Count(first, "error-limit", 10));
        if (first.Option("observe") == "layer7" && isHttp)
        {
            passive.Set("Statuses", _failures);
        }

        var note = "PassiveCheck: a server is out for its Ejection, not until a check passes";
        first.Tell("observe", Verdict.Approximated, note);
        if (first.Has("on-error"))
        {
            first.Tell("on-error", Verdict.Approximated, action == "mark-down" ? note : $"{action}: the server is taken out, as by mark-down");
        }

        foreach (var server in servers.Where(server => server.Option("observe") != first.Option("observe")))
        {
            server.Line.Approximated($"live traffic is watched as that of {first.Line.Value} is");
        }
    }

    private static TimeSpan? Time(ServerLine server, string name)
    {
        if (server.Option(name) is not { } word)
        {
            return null;
        }

        var time = HaproxyTime.Parse(word);
        if (time is null)
        {
            server.Tell(name, Verdict.Approximated, $"{name} '{word}' is no time");
        }

        return time;
    }

    private static long Count(ServerLine server, string name, long otherwise)
    {
        if (server.Option(name) is not { } word)
        {
            return otherwise;
        }

        if (Words.Whole(word) is >= 1 and <= 1000 and var count)
        {
            return count;
        }

        server.Tell(name, Verdict.Approximated, $"{name} '{word}' is not from 1 to 1000; {otherwise.ToString(CultureInfo.InvariantCulture)} is used");
        return otherwise;
    }

    private static TimeSpan Clamp(TimeSpan time, TimeSpan least, TimeSpan most) => time < least ? least : time > most ? most : time;

    private void Differences(ServerLine server, ServerLine first)
    {
        if (!server.IsChecked)
        {
            server.Line.Approximated("is probed like the others, though it has no check");
            return;
        }

        if (_paces.Any(name => server.Option(name) != first.Option(name)))
        {
            server.Line.Approximated($"is probed as often as {first.Line.Value}: a cluster has one probe");
        }

        if (server.IsCheckedByTls != first.IsCheckedByTls || (server.IsCheckedByTls && server.NameIn("check-sni") != first.NameIn("check-sni")))
        {
            server.Line.Approximated($"is probed with TLS or without as {first.Line.Value} is: a cluster has one probe");
        }

        var port = server.Option("port") is { } word ? Words.Port(word) : null;
        if (server.Option("port") is { } other && port is null)
        {
            server.Tell("port", Verdict.Approximated, $"port '{other}' is no port; the server's own is probed");
        }

        if (server.Option("addr") is null && port is null)
        {
            return;
        }

        var own = new Uri(server.Destination.Text("Address")!);
        if (Words.Destination(isHttp ? own.Scheme : "tcp", server.Option("addr") ?? own.Host, port ?? own.Port) is { } health)
        {
            server.Destination.Set("Health", health);
        }
        else
        {
            server.Line.Approximated("addr is no address; the server's own is probed");
        }
    }
}
