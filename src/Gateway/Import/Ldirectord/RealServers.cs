using System.Text.RegularExpressions;
using Gateway.Import.Ipvs;

namespace Gateway.Import.Ldirectord;

/// <summary>Translates <c>real = HOST[->HOST][:PORT] METHOD [WEIGHT] ["REQUEST", "RECEIVE"] [&lt;l:N>] [&lt;u:N>]</c>.</summary>
internal static partial class RealServers
{
    public static void Add(Draft cluster, Statement real, string protocol, int? virtualPort, ForwardingWish forwarding)
    {
        var match = Form().Match(real.Value);
        if (!match.Success)
        {
            real.Impossible("is not HOST:PORT gate|masq|ipip and what may follow");
            return;
        }

        var (first, port) = Words.Split(match.Groups["host"].Value);
        var (from, last) = match.Groups["host"].Value.Split("->", 2) is [var low, var high] ? (low, Words.Split(high).Host) : (first, first);
        var method = match.Groups["method"].Value;
        // Only NAT changes ports; with the others the kernel keeps that of the service.
        var number = method == "masq" ? Words.Port(port) ?? virtualPort : virtualPort;
        if (method != "masq" && Words.Port(port) is { } other && other != virtualPort)
        {
            real.Remark($"the port is that of the service, as in the kernel with {method}");
        }

        var hosts = Hosts(from, last);
        if (hosts.Count == 0)
        {
            real.Impossible($"is no range of at most {AddressRange.Most} addresses");
            return;
        }

        foreach (var host in hosts)
        {
            One(cluster, real, match, Words.Destination(protocol, host, number ?? 1), number is null ? host : $"{host}:{number}");
        }

        forwarding.Add(method switch { "masq" => "nat", "ipip" => "tunnel", _ => "direct" }, real);
        if (match.Groups["texts"].Success)
        {
            real.Approximated("a cluster has one probe, with the request and answer of the service");
        }
    }

    private static void One(Draft cluster, Statement real, Match match, string? address, string name)
    {
        if (address is null || Blueprint.AddDestination(cluster, name, address) is not { } added)
        {
            real.Impossible(address is null ? "has no address to connect to" : "the server is there already");
            return;
        }

        if (match.Groups["weight"].Success)
        {
            IpvsTerms.Weight(added.Destination, match.Groups["weight"].Value, real);
        }

        IpvsTerms.Thresholds(added.Destination, Pair(match, "upper", real), Pair(match, "lower", real));
    }

    private static (string, Statement)? Pair(Match match, string name, Statement real) =>
        match.Groups[name].Success ? (match.Groups[name].Value, real) : null;

    private static List<string> Hosts(string first, string last) => first == last ? [first]
        : [.. AddressRange.Between(Words.Address(first), Words.Address(last)).Select(address => address.ToString())];

    [GeneratedRegex("""^(?<host>\S+)(\s+(?<method>gate|masq|ipip))(\s+(?<weight>\d+))?(\s+(?<texts>"[^"]*"(\s*,\s*"[^"]*")?))?(\s+"?<l:(?<lower>\d+)>"?)?(\s+"?<u:(?<upper>\d+)>"?)?\s*$""")]
    private static partial Regex Form();
}
