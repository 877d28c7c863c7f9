namespace Gateway.Import.Keepalived;

/// <summary>Translates where the checkers of one real server look, by <c>connect_ip</c> and <c>connect_port</c>.</summary>
/// <remarks>A place that all of them look at is that of the destination, its <c>Health</c>, so that the probes are the same for all
/// destinations. Where their ports differ each probe has its own. Addresses that differ it cannot have for each destination: all
/// look at the first that is written.</remarks>
internal sealed class CheckPlaces
{
    private readonly Dictionary<Statement, Place> _places = [];
    private readonly string _host;
    private readonly bool _haveOwnPorts;

    private readonly record struct Place(string Host, int Port, bool IsWritten);

    public CheckPlaces(RealServer server)
    {
        // The others connect to nothing.
        foreach (var checker in server.Checkers.Where(checker => checker.Name is not ("FILE_CHECK" or "BFD_CHECK" or "MISC_CHECK")))
        {
            _places[checker] = Read(server, checker);
        }

        _host = _places.Values.Select(place => place.Host).FirstOrDefault(host => host != server.Host, server.Host);
        var ports = _places.Values.Select(place => place.Port).Distinct().ToList();
        _haveOwnPorts = ports.Count > 1;
        var port = ports.Count == 1 ? ports[0] : server.Port;
        if ((_host, port) != (server.Host, server.Port))
        {
            server.Destination.Set("Health", Words.Destination("tcp", _host, port)!);
        }

        foreach (var (checker, at) in _places)
        {
            Judge(checker, at);
        }
    }

    /// <summary>Gives a probe of the checker its port, if it has one of its own.</summary>
    public void Write(Draft probe, Statement checker)
    {
        if (_haveOwnPorts && _places.TryGetValue(checker, out var place) && place.IsWritten && checker.Last("connect_port") is not null)
        {
            probe.Set("Port", place.Port);
        }
    }

    private void Judge(Statement checker, Place place)
    {
        var (ip, port) = place.IsWritten ? (checker.Last("connect_ip"), checker.Last("connect_port")) : (null, null);
        port?.Same(_haveOwnPorts ? "Port of the probe" : "Health of the destination");
        if (place.Host == _host)
        {
            ip?.Same("Health of the destination");
        }
        else
        {
            (ip ?? checker).Approximated($"looks at {_host}, like the other checkers of the server: its probes have one address, unless "
                + "one has an Address, which is the same for all destinations");
        }
    }

    private static Place Read(RealServer server, Statement checker)
    {
        var (ip, port) = (checker.Last("connect_ip"), checker.Last("connect_port"));
        var host = ip?.Value ?? server.Host;
        var number = port is null ? server.Port : Words.Port(port.Value);
        if (number is { } known && Words.Destination("tcp", host, known) is not null)
        {
            return new Place(host, known, ip is not null || port is not null);
        }

        foreach (var statement in new[] { ip, port }.OfType<Statement>())
        {
            statement.Impossible("is no address or port");
        }

        return new Place(server.Host, server.Port, IsWritten: false);
    }
}
