using Gateway.Import.Ipvs;

namespace Gateway.Import.Keepalived;

/// <summary>One <c>real_server</c>: a destination, and the checkers that look at it.</summary>
internal sealed class RealServer(Statement block, string protocol, int? virtualPort, ForwardingWish forwarding)
{
    private string _host = "";
    private int _port;

    public Statement Block => block;

    public string Host => _host;

    public int Port => _port;

    /// <summary>The destination; there once it was added.</summary>
    public Draft Destination { get; private set; } = new();

    /// <summary>The blocks of its checkers.</summary>
    public IEnumerable<Statement> Checkers => block.Body.Where(inner =>
        inner.Name is "HTTP_GET" or "SSL_GET" || inner.Name.EndsWith("_CHECK", StringComparison.Ordinal));

    /// <summary>Adds it as a destination, if it has an address of its own.</summary>
    public bool AddTo(Draft cluster)
    {
        _host = block.Value;
        _port = Words.Port(block.Word(2) ?? "") ?? virtualPort ?? 1;
        var address = Words.Destination(protocol, _host, _port);
        if (address is null || Blueprint.AddDestination(cluster, $"{_host}:{_port}", address) is not { } added)
        {
            block.JudgeAll(Verdict.Impossible, address is null ? "is no address" : "the server is there already");
            return false;
        }

        Destination = added.Destination;
        block.Same();
        if (block.Last("weight") is { } weight)
        {
            IpvsTerms.Weight(Destination, weight.Value, weight);
        }

        IpvsTerms.Thresholds(Destination, Pair("uthreshold"), Pair("lthreshold"));
        foreach (var statement in block.Body.Where(statement => !statement.IsJudged && !Checkers.Contains(statement)))
        {
            Other(statement);
        }

        return true;
    }

    private (string, Statement)? Pair(string name) => block.Last(name) is { } statement ? (statement.Value, statement) : null;

    private void Other(Statement statement)
    {
        switch (statement.Name)
        {
            case "lvs_method":
                VirtualServerImport.Tunnel(statement);
                forwarding.Add(statement.Value.ToUpperInvariant() switch { "DR" => "direct", "TUN" => "tunnel", _ => "nat" }, statement);
                break;
            case "inhibit_on_failure":
                _ = statement.Value;
                statement.Same("a server that is down gets nothing new, and its connections go on");
                break;
            case "notify_up" or "notify_down":
                statement.Impossible("no script is run");
                break;
            case "smtp_alert":
                statement.Impossible("Gateway sends no mail: alert on its metrics");
                break;
            case "snmp_name":
                statement.Impossible("Gateway speaks no SNMP; its metrics have the id");
                break;
        }
    }
}
