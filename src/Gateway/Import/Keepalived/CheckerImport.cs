using System.Globalization;

namespace Gateway.Import.Keepalived;

/// <summary>Translates the checkers of all real servers of a virtual server into the probes of its cluster.</summary>
/// <remarks>
/// keepalived checks each server by checkers of its own, all of which must pass: every <c>delay_loop</c> seconds (60), each for
/// <c>connect_timeout</c> seconds (5), and after a failure <c>retry</c> times more (1; HTTP 1, DNS 3, MISC 0) with
/// <c>delay_before_retry</c> seconds between (1; HTTP 3) before the server is down. One success brings it back. Servers
/// count as up until checked, unless <c>alpha</c> is set. A setting is looked for in the checker, then the server, then the virtual
/// server.
/// </remarks>
internal sealed class CheckerImport(Statement virtualServer, IReadOnlyList<RealServer> servers)
{
    private const double LongestSeconds = 24 * 60 * 60;
    private const double ShortestSeconds = 0.05;

    /// <summary>The first, and sixteen further ones.</summary>
    private const int MostProbes = 17;

    private static readonly string[] _settings =
        ["delay_loop", "connect_timeout", "retry", "delay_before_retry", "alpha", "warmup", "log_all_failures", "virtualhost", "nb_get_retry"];

    public void Translate(Draft cluster)
    {
        string? written = null;
        foreach (var server in servers)
        {
            var places = new CheckPlaces(server);
            var probes = server.Checkers.SelectMany(checker => Probes(server, checker, places)).ToList();
            if (probes.Count == 0)
            {
                if (servers.Any(other => other.Checkers.Any()))
                {
                    server.Block.Approximated("has no checker, and is probed like the others");
                }

                continue;
            }

            var text = string.Concat(probes.Select(probe => DraftText.Of(probe, [])));
            if (written is not null)
            {
                foreach (var checker in written == text ? [] : server.Checkers)
                {
                    checker.Approximated("the probes of a cluster are those of its first server, here, too");
                }

                continue;
            }

            written = text;
            Write(cluster, probes);
        }

        foreach (var block in servers.Select(server => server.Block).Prepend(virtualServer))
        {
            foreach (var setting in block.Body.Where(s => !s.IsBlock && _settings.Contains(s.Name)))
            {
                Setting(setting);
            }
        }
    }

    private static void Write(Draft cluster, List<Draft> probes)
    {
        foreach (var (index, probe) in probes.Take(MostProbes).Index())
        {
            var section = index == 0 ? cluster.Section("Probe") : cluster.Append("Probes");
            foreach (var entry in probe.Entries)
            {
                section.Copy(entry);
            }
        }
    }

    /// <summary>The probes of one checker: one, or one for each page of HTTP_GET and SSL_GET.</summary>
    private IEnumerable<Draft> Probes(RealServer server, Statement checker, CheckPlaces places)
    {
        checker.Same();
        var urls = checker.Body.Where(inner => inner.Name == "url").ToList();
        var isHttp = checker.Name is "HTTP_GET" or "SSL_GET";
        foreach (var url in isHttp && urls.Count > 0 ? urls.Cast<Statement?>() : [null])
        {
            var probe = new Draft();
            if (Kind(probe, server, checker, url))
            {
                places.Write(probe, checker);
                Finish(probe, server, checker);
                yield return probe;
            }
        }
    }

    /// <summary>Writes what is done. Returns false when there is no such probe.</summary>
    private bool Kind(Draft probe, RealServer server, Statement checker, Statement? url)
    {
        switch (checker.Name)
        {
            case "TCP_CHECK":
                probe.Set("Kind", "tcp");
                return true;
            case "HTTP_GET" or "SSL_GET":
                new UrlImport(checker, url, Find(server, checker, "virtualhost")?.Value).Translate(probe);
                return true;
            case "PING_CHECK":
                probe.Set("Kind", "icmp");
                return true;
            case "SMTP_CHECK" or "DNS_CHECK" or "UDP_CHECK" or "MISC_CHECK":
                OtherChecks.Translate(probe, checker);
                return true;
            default:
                checker.Impossible("there is no such probe");
                checker.JudgeAll(Verdict.Impossible, "there is no such probe");
                return false;
        }
    }

    private void Finish(Draft probe, RealServer server, Statement checker)
    {
        Times(probe, server, checker);
        foreach (var statement in checker.Body.Where(statement => !statement.IsJudged))
        {
            if (_settings.Contains(statement.Name))
            {
                Setting(statement);
            }
            else if (statement.Name is "bindto" or "bind_port" or "bind_if" or "fwmark")
            {
                statement.Impossible("probes leave by the way the system's routes say");
            }
        }
    }

    private void Times(Draft probe, RealServer server, Statement checker)
    {
        var isHttp = checker.Name is "HTTP_GET" or "SSL_GET";
        var interval = Seconds(Find(server, checker, "delay_loop"), 60, LongestSeconds);
        // A program has until its next start.
        var timeout = checker.Name == "MISC_CHECK" ? Seconds(checker.Last("misc_timeout"), interval, interval)
            : Seconds(Find(server, checker, "connect_timeout"), 5, interval);
        var retries = Seconds(Find(server, checker, "retry") ?? checker.Last("nb_get_retry"), checker.Name == "MISC_CHECK" ? 0 : checker.Name == "DNS_CHECK" ? 3 : 1, 999);
        var pause = Seconds(Find(server, checker, "delay_before_retry"), isHttp ? 3 : 1, LongestSeconds);
        probe.Set("Interval", TimeSpan.FromSeconds(interval)).Set("Timeout", TimeSpan.FromSeconds(timeout))
            .Set("Rise", 1).Set("Fall", 1 + (long)retries);
        if (!IsOn(Find(server, checker, "alpha")))
        {
            // Up until a checker says otherwise.
            probe.Set("InitiallyUp", true);
        }

        if (retries > 0)
        {
            // While its last probe failed and it is not down yet.
            probe.Set("FastInterval", TimeSpan.FromSeconds(Math.Max(pause, ShortestSeconds)));
        }
    }

    private static double Seconds(Statement? statement, double otherwise, double most)
    {
        var value = statement is null ? otherwise : Words.Number(statement.Value);
        if (value is null)
        {
            statement!.Approximated(string.Create(CultureInfo.InvariantCulture, $"'{statement.Value}' is no number; {otherwise} is used"));
        }

        var least = statement?.Name == "retry" || otherwise == 0 ? 0 : 0.1;
        return Math.Clamp(value ?? otherwise, Math.Min(least, most), most);
    }

    /// <summary>Whether a flag is there and not taken back by its value.</summary>
    private static bool IsOn(Statement? flag) => flag is not null && flag.Value is not ("no" or "false" or "off");

    private Statement? Find(RealServer server, Statement checker, string name) =>
        checker.Last(name) ?? server.Block.Last(name) ?? virtualServer.Last(name);

    private static void Setting(Statement statement)
    {
        if (statement.IsJudged && statement.Name is not ("delay_loop" or "connect_timeout"))
        {
            return;
        }

        switch (statement.Name)
        {
            case "delay_loop":
                statement.Same("Interval");
                break;
            case "connect_timeout":
                statement.Approximated("Timeout of the whole probe: connecting and answer together");
                break;
            case "retry":
                statement.Same("Fall is one more");
                break;
            case "nb_get_retry":
                statement.Same(Words.Whole(statement.Value) is null ? "is no number" : "Fall is one more, where there is no retry");
                break;
            case "delay_before_retry":
                statement.Same("FastInterval");
                break;
            case "alpha":
                statement.Same(IsOn(statement) ? "a server is down until its first probe" : "InitiallyUp");
                break;
            case "warmup":
                statement.Whole(Verdict.Approximated, "first probes are at once");
                break;
            case "log_all_failures":
                statement.Whole(Verdict.Approximated, "changes are logged, and single probes at level Debug");
                break;
            case "virtualhost":
                statement.Same("Host of the probe");
                break;
        }
    }
}
