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
    private static readonly string[] _options =
        ["httpchk", "tcp-check", "smtpchk", "redis-check", "mysql-check", "pgsql-check", "ldap-check", "ssl-hello-chk", "external-check"];

    private static readonly string[] _paces = ["inter", "fastinter", "downinter", "rise", "fall", "check-ssl"];
    private static readonly TimeSpan _longest = TimeSpan.FromDays(1);
    private static readonly TimeSpan _shortest = TimeSpan.FromMilliseconds(50);

    public void Translate(Draft cluster)
    {
        if (servers.FirstOrDefault(server => server.IsChecked) is not { } first)
        {
            foreach (var line in Lines())
            {
                line.Same("of no effect: no server is checked");
            }

            return;
        }

        var probe = cluster.Section("Probe");
        Kind(probe);
        if (probe.Text("Kind") is "http" && (first.IsTls || first.Option("check-ssl") is not null))
        {
            probe.Set("Kind", "https");
        }

        Pace(probe, first);
        Agent(cluster, first);
        foreach (var server in servers)
        {
            Differences(server, first);
        }
    }

    private IEnumerable<Statement> Lines() => proxy.All("http-check").Concat(proxy.All("tcp-check"))
        .Concat(_options.Select(proxy.Option).OfType<Statement>());

    private void Kind(Draft probe)
    {
        if (proxy.Option("httpchk") is { } http)
        {
            HttpCheck.Translate(probe, proxy, http);
            return;
        }

        probe.Set("Kind", "tcp");
        if (proxy.Option("tcp-check") is { } tcp)
        {
            tcp.Same();
            TcpConversation.Translate(probe, proxy);
        }
        else if (proxy.Option("smtpchk") is { } smtp)
        {
            probe.Set("Kind", "smtp");
            if (smtp.Words.ElementAtOrDefault(3) is { } name && Words.IsHostName(name))
            {
                probe.Set("Host", name);
            }

            smtp.Judge(smtp.Words.ElementAtOrDefault(2) == "EHLO" ? Verdict.Approximated : Verdict.Same,
                smtp.Words.ElementAtOrDefault(2) == "EHLO" ? "HELO is sent" : null);
        }
        else if (proxy.Option("redis-check") is { } redis)
        {
            probe.Set("Kind", "redis");
            redis.Same();
        }
        else if (proxy.Option("pgsql-check") is { } postgres)
        {
            probe.Set("Kind", "postgres");
            if (postgres.Words.ElementAtOrDefault(3) is { Length: > 0 } user && !user.Any(char.IsControl))
            {
                probe.Set("User", user);
            }

            postgres.Same();
        }
        else if (proxy.Option("ssl-hello-chk") is { } hello)
        {
            probe.Set("Tls", true);
            hello.Approximated("a whole TLS handshake");
        }
        else
        {
            foreach (var line in Lines())
            {
                line.Impossible("there is no such probe: the probe connects only");
            }
        }
    }

    private void Pace(Draft probe, ServerLine first)
    {
        var interval = Clamp(Time(first, "inter") ?? TimeSpan.FromSeconds(2), _shortest, _longest);
        var timeout = Clamp(proxy.Timeout("check")?.Time ?? interval, TimeSpan.FromMilliseconds(10), interval);
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

    /// <summary>The agent of the servers, asked as a further probe.</summary>
    private static void Agent(Draft cluster, ServerLine first)
    {
        if (first.Option("agent-check") is null || (first.Option("agent-port") is { } word ? Words.Port(word) : null) is not { } port)
        {
            return;
        }

        var interval = Clamp(Time(first, "agent-inter") ?? TimeSpan.FromSeconds(2), _shortest, _longest);
        var agent = cluster.Append("Probes").Set("Kind", "agent").Set("Port", port).Set("Interval", interval).Set("Timeout", interval);
        if (first.Option("agent-send") is { Length: > 0 } send)
        {
            agent.Set("Send", send);
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
            server.Line.Approximated($"{name} '{word}' is no time");
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

        server.Line.Approximated($"{name} '{word}' is not from 1 to 1000; {otherwise.ToString(CultureInfo.InvariantCulture)} is used");
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

        var port = server.Option("port") is { } word ? Words.Port(word) : null;
        if (server.Option("addr") is null && server.Option("port") is null)
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
