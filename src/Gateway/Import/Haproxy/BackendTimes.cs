namespace Gateway.Import.Haproxy;

/// <summary>Translates the times of a backend, how long its requests and connections wait, and how often they are tried.</summary>
internal sealed class BackendTimes(Proxy proxy, IReadOnlyList<ServerLine> servers, bool isHttp)
{
    private static readonly TimeSpan _shortest = TimeSpan.FromMilliseconds(10);

    public void Translate(Draft cluster)
    {
        proxy.Timeout("check")?.Statement.Same("Timeout of the probe");
        if (isHttp)
        {
            Activity(cluster);
            Connect(cluster);
        }

        Queue(cluster);
        Retry(cluster);
    }

    private void Activity(Draft cluster)
    {
        if (proxy.Timeout("server") is { } server)
        {
            if (server.Time > TimeSpan.Zero)
            {
                cluster.Section("HttpRequest").Set("ActivityTimeout", Words.Wait(server.Time));
            }

            server.Statement.Approximated("ActivityTimeout in mode http: time without a byte in either direction");
        }
    }

    private void Connect(Draft cluster)
    {
        if (proxy.Timeout("connect") is { } connect)
        {
            cluster.Set("ConnectTimeout", HaproxyTime.AtLeast(Words.Wait(HaproxyTime.Connect(connect.Time)), _shortest));
            connect.Statement.Same("ConnectTimeout");
        }
    }

    /// <summary>With a limit on servers requests and connections wait, for as long as <c>timeout queue</c> or else <c>timeout connect</c> says.</summary>
    private void Queue(Draft cluster)
    {
        var wait = proxy.Timeout("queue");
        var limited = servers.Where(server => server.Destination.Has("MaxConnections")).ToList();
        if (limited.Count == 0)
        {
            foreach (var server in servers.Where(server => server.Has("maxqueue")))
            {
                server.Tell("maxqueue", Verdict.Same, "maxqueue is of no effect without maxconn");
            }

            return;
        }

        var queue = cluster.Section("Queue");
        var lengths = servers.Select(server => Words.Whole(server.Option("maxqueue") ?? "") ?? 0).ToList();
        if (lengths.TrueForAll(length => length > 0))
        {
            queue.Set("Length", Math.Min(lengths.Sum(), 1_000_000));
        }

        if ((wait ?? proxy.Timeout("connect")) is { Time: var time } && time >= _shortest)
        {
            queue.Set("Timeout", Words.Wait(time));
        }

        wait?.Statement.Approximated("Queue:Timeout; what would have to wait longer is refused at once");
        foreach (var server in limited)
        {
            server.Tell("maxconn", Verdict.Approximated, "MaxConnections: what is beyond goes to another destination or waits in the Queue of the cluster, by 1000 at most unless all have a maxqueue");
        }

        foreach (var server in servers.Where(server => server.Has("maxqueue")))
        {
            server.Tell("maxqueue", Verdict.Approximated, "maxqueue: a cluster has one queue, of the length of all together");
        }
    }

    private void Retry(Draft cluster)
    {
        if (proxy.Find("retries") is { } retries)
        {
            if (Words.Whole(retries.Value) is <= 99 and var count)
            {
                cluster.Section("Retry").Set("Tries", count + 1);
                retries.Approximated("Retry:Tries, one more: each try is at another destination, and none twice at one");
            }
            else
            {
                retries.Approximated($"'{retries.Value}' is not from 0 to 99; up to five destinations are tried");
            }
        }

        if (proxy.Find("retry-on") is not { } on)
        {
            return;
        }

        if (!isHttp)
        {
            on.Whole(Verdict.Same, "of no effect in mode tcp");
            return;
        }

        var words = on.Rest(1);
        var statuses = words.Where(word => Words.Whole(word) is >= 400 and <= 599)
            .Concat(words.Contains("all-retryable-errors") ? ["500", "502", "503", "504"] : []).Distinct().ToList();
        if (statuses.Count > 0)
        {
            cluster.Section("Retry").Set("OnStatus", statuses);
        }

        if (!words.Contains("empty-response") && !words.Contains("all-retryable-errors"))
        {
            cluster.Section("Retry").Set("OnReset", "Never");
        }

        on.Approximated("Retry: requests without a body only; "
            + (statuses.Count > 0 ? "after these statuses, " : "") + "after a connect that failed"
            + (cluster.Section("Retry").Has("OnReset") ? "" : " or an end without an answer") + "; not after an answer that is late or no HTTP");
    }
}
