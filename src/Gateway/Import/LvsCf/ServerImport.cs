using System.Globalization;

namespace Gateway.Import.LvsCf;

/// <summary>Translates one <c>server</c> block: a destination.</summary>
internal sealed class ServerImport(Statement block, string protocol, int portSoFar, int virtualPort)
{
    private const int LargestWeight = 65535;

    private readonly Directives _directives = new(block.Body);

    public void Translate(Draft cluster)
    {
        var name = block.Value.Length > 0 ? Directives.Unquoted(block.Value) : "unnamed";
        var port = Port();
        var host = _directives.Word("address") ?? "0.0.0.0";
        var address = Words.Destination(protocol, host, port);
        var isActive = _directives.Flag("active", false);
        var weight = Weight();
        _directives.Judge(Verdict.Same, "written by old GUIs, and refused by piranha's daemons", "nmask");
        if (address is null || host == "0.0.0.0")
        {
            _directives["address"]?.Impossible(host == "0.0.0.0" ? "is no address of a server" : $"'{host}' is neither an address nor a name");
            _directives["active"]?.Same();
            block.JudgeAll(Verdict.Impossible, "it has no usable address");
            return;
        }

        _directives["address"]!.Same();
        if (Blueprint.AddDestination(cluster, name, address) is not { } destination)
        {
            _directives["active"]?.Same();
            block.Same("the same address and port as a server above: piranha uses one of them only, and so does this");
            return;
        }

        destination.Destination.Set("Weight", weight);
        if (!isActive)
        {
            cluster.Section("Destinations").SwitchOff(destination.Id, Blueprint.AtLine(block.Line, "active = 0"));
        }

        _directives["active"]?.Same(isActive ? null : "written as a comment, to be switched on there");
        block.Same(isActive || _directives.Has("active") ? null : "active is missing, so it is off, as in piranha: written as a comment");
    }

    private int Port()
    {
        if (_directives["port"] is not { } statement)
        {
            if (portSoFar != virtualPort)
            {
                block.Remark(string.Create(CultureInfo.InvariantCulture,
                    $"has port {portSoFar} and not {virtualPort}, as the port of the virtual is written below it"));
            }

            return portSoFar;
        }

        if (Directives.ParseNumber(Directives.Unquoted(statement.Value)) is > 0 and <= 65535 and var port)
        {
            statement.Same();
            return (int)port;
        }

        statement.Approximated(string.Create(CultureInfo.InvariantCulture,
            $"'{statement.Value}' is no port from 1 to 65535; {portSoFar} is used"));
        return portSoFar;
    }

    private long Weight()
    {
        var weight = _directives.Number("weight", 1);
        var statement = _directives["weight"];
        if (weight <= 0)
        {
            statement!.Same("nanny adds a server of weight 0 with weight 1; write 0 to quiesce it");
            return 1;
        }

        if (weight > LargestWeight)
        {
            statement!.Approximated($"the largest weight is {LargestWeight}");
            return LargestWeight;
        }

        statement?.Same(weight > 1 ? "at once; nanny lets it grow over two minutes" : null);
        return weight;
    }
}
