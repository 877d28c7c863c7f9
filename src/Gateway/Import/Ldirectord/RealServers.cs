using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Gateway.Import.Ipvs;

namespace Gateway.Import.Ldirectord;

/// <summary>Translates <c>real = HOST[->HOST][:PORT] METHOD [WEIGHT] ["REQUEST", "RECEIVE"] [&lt;l:N>] [&lt;u:N>]</c>.</summary>
internal static partial class RealServers
{
    /// <summary>Each address of a range is a destination.</summary>
    private const int MostAddresses = 256;

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
            real.Impossible($"is no range of at most {MostAddresses} addresses");
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

    private static List<string> Hosts(string first, string last)
    {
        if (first == last)
        {
            return [first];
        }

        if (Words.Address(first) is not { AddressFamily: AddressFamily.InterNetwork } from
            || Words.Address(last) is not { AddressFamily: AddressFamily.InterNetwork } to)
        {
            return [];
        }

        var (begin, end) = (Number(from), Number(to));
        return end < begin || end - begin >= MostAddresses ? []
            : [.. Enumerable.Range(0, (int)(end - begin) + 1).Select(i => Text(begin + (uint)i))];
    }

    private static uint Number(IPAddress address) => BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());

    private static string Text(uint number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return new IPAddress(bytes).ToString();
    }

    [GeneratedRegex("""^(?<host>\S+)(\s+(?<method>gate|masq|ipip))(\s+(?<weight>\d+))?(\s+(?<texts>"[^"]*"(\s*,\s*"[^"]*")?))?(\s+"?<l:(?<lower>\d+)>"?)?(\s+"?<u:(?<upper>\d+)>"?)?\s*$""")]
    private static partial Regex Form();
}
