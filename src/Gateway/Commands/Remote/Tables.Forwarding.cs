using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Gateway.Commands.Remote;

/// <summary>Virtual servers, the paths that serve them, and what the kernel has counted.</summary>
internal static partial class Tables
{
    private static readonly string[] _units = ["", "K", "M", "G", "T", "P"];

    public static void VirtualServers(IAnsiConsole console, JsonNode servers)
    {
        var sheet = new Sheet().Left("virtual server").Left("cluster").Left("address", mayMove: true).Left("protocol", drop: 3)
            .Left("forwarding", drop: 2).Left("path").Right("active", drop: 4).Right("total", drop: 1);
        foreach (var server in Items(servers))
        {
            var addresses = Items(server?["listen"]).Select(listen => $"{listen?["bound"] ?? listen?["address"]}").ToList();
            sheet.Row(
                server?["id"], server?["cluster"], addresses.Count <= 1 ? addresses.FirstOrDefault() : $"{addresses[0]} +{addresses.Count - 1}",
                server?["protocol"], server?["forwarding"], string.Join('/', Items(server?["paths"]).Select(path => $"{path?["path"]}").Distinct()),
                Long(server?["active"]) + Long(server?["kernel"]?["active"]),
                Long(server?["accepted"]) + Long(server?["kernel"]?["connections"]));
        }

        sheet.Write(console);
        foreach (var path in Items(servers).SelectMany(server => Items(server?["paths"])).Where(path => $"{path?["reason"]}".Length > 0))
        {
            console.Write(new Text(PathLine(path) + "\n"));
        }
    }

    public static void VirtualServer(IAnsiConsole console, JsonNode server)
    {
        console.Write(new Text($"{server["id"]}: {server["protocol"]}, cluster {server["cluster"]}, {server["active"]} of {server["accepted"]} relayed connections in progress\n"));
        foreach (var listen in Items(server["listen"]))
        {
            console.Write(new Text($"{listen?["address"]}: {(listen?["error"] is { } error ? $"{error}" : "listening")}\n"));
        }

        foreach (var path in Items(server["paths"]))
        {
            console.Write(new Text(PathLine(path) + "\n"));
        }

        Counted(console, Items(server["destinations"]).Select(d => ($"{d?["destination"]}", d?["counters"])));
    }

    /// <summary>One path in words.</summary>
    private static string PathLine(JsonNode? path)
    {
        var (family, forwarding, reason) = ($"{path?["family"]}" == "ipv6" ? "IPv6" : "IPv4", $"{path?["forwarding"]}", $"{path?["reason"]}");
        var what = $"{path?["path"]}" == "kernel" ? $"{forwarding}, by the kernel"
            : forwarding == "relay" ? "relayed" : $"relayed, not {forwarding}";
        return $"{path?["virtualServer"]} {family}: {what}{(reason.Length > 0 ? ": " + reason : "")}";
    }

    /// <summary>What the kernel has counted for destinations, as <c>ipvsadm -L --stats</c> shows it; nothing when it has for
    /// none.</summary>
    private static void Counted(IAnsiConsole console, IEnumerable<(string Destination, JsonNode? Counters)> destinations)
    {
        var counted = destinations.Where(pair => pair.Counters is not null).ToList();
        if (counted.Count == 0)
        {
            return;
        }

        var sheet = new Sheet().Left("by the kernel").Right("conns").Right("active").Right("inact", drop: 3)
            .Right("pkts out", drop: 2).Right("pkts in", drop: 1).Right("bytes out", drop: 5).Right("bytes in", drop: 4);
        foreach (var (destination, counters) in counted)
        {
            sheet.Row(
                [destination, .. ((string[])["connections", "active", "inactive", "packetsSent", "packetsReceived", "bytesSent", "bytesReceived"])
                    .Select(name => Short(Long(counters?[name])))]);
        }

        sheet.Write(console);
    }

    public static long Long(JsonNode? node) => node is JsonValue value && value.TryGetValue<long>(out var number) ? number : 0;

    /// <summary>At most six characters: 99999, 100K, 12.3M, as ipvsadm shortens.</summary>
    private static string Short(long number)
    {
        if (number < 100_000)
        {
            return number.ToString(CultureInfo.InvariantCulture);
        }

        var (value, unit) = ((double)number, 0);
        for (; value >= 1000 && unit < _units.Length - 1; unit++)
        {
            value /= 1000;
        }

        return value.ToString(value < 100 ? "0.0" : "0", CultureInfo.InvariantCulture) + _units[unit];
    }
}
