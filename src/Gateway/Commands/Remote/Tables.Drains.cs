using System.Text.Json.Nodes;
using Spectre.Console;

namespace Gateway.Commands.Remote;

/// <summary>Drains and what they still wait for.</summary>
internal static partial class Tables
{
    public static void Drains(IAnsiConsole console, JsonNode drains)
    {
        var sheet = new Sheet()
            .Left("id").Left("of").Left("status").Left("in progress").Left("cut off at", drop: 2).Left("by", drop: 1);
        foreach (var drain in Items(drains))
        {
            var why = $"{drain?["why"]}";
            sheet.Row(
                $"{drain?["id"]}", DrainOf(drain), $"{drain?["status"]}{(Flag(drain?["inEffect"]) ? "" : ", over")}", $"{DrainFlows(drain)}{DrainCut(drain)}",
                Moment(drain?["deadline"]), $"{drain?["who"]}{(why.Length > 0 ? $": {why}" : "")}");
        }

        sheet.Write(console);
    }

    /// <summary>What a drain is of.</summary>
    public static string DrainOf(JsonNode? drain) => (drain?["cluster"], drain?["destination"]) switch
    {
        (null, _) => "the node",
        ({ } cluster, null) => $"cluster {cluster}",
        ({ } cluster, { } destination) => $"{cluster}/{destination}",
    };

    /// <summary>What is in progress, by kind.</summary>
    public static string DrainFlows(JsonNode? drain) => drain?["flows"] is JsonObject { Count: > 0 } flows
        ? string.Join(", ", flows.Select(flow => $"{flow.Value} {KindOf(flow.Key, Long(flow.Value) == 1)}")) : "nothing";

    public static string DrainCut(JsonNode? drain) => Long(drain?["cutOff"]) is > 0 and var count ? $", {count} cut off" : "";

    private static string KindOf(string kind, bool isOne) => kind switch
    {
        "request" => isOne ? "request" : "requests",
        "websocket" => isOne ? "WebSocket" : "WebSockets",
        "connection" => isOne ? "connection" : "connections",
        "session" => isOne ? "UDP client" : "UDP clients",
        "clientconnection" => isOne ? "client's connection" : "clients' connections",
        _ => kind,
    };
}
