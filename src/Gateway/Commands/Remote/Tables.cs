using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Gateway.Commands.Remote;

/// <summary>What the API tells, as tables that fit eighty columns.</summary>
internal static partial class Tables
{
    private static readonly Dictionary<string, Color> _colors = new(StringComparer.Ordinal)
    {
        ["ready"] = Color.Green,
        ["ok"] = Color.Green,
        ["full"] = Color.Yellow,
        ["drain"] = Color.Yellow,
        ["pending"] = Color.Yellow,
        ["degraded"] = Color.Yellow,
        ["maintenance"] = Color.Aqua,
        ["down"] = Color.Red,
        ["empty"] = Color.Red,
    };

    public static void Status(IAnsiConsole console, JsonNode status)
    {
        var configuration = status["configuration"];
        var grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        Row(grid, "Gateway", $"{status["version"]} on {status["node"]}, since {Moment(status["started"])}");
        Row(grid, "state", Flag(status["ready"]) ? "ready" : "not ready");
        foreach (var reason in Items(status["notReadyBecause"]))
        {
            Row(grid, "", $"{reason}");
        }

        Row(grid, "clusters", $"{status["clusters"]}");
        Row(grid, "destinations", $"{status["readyDestinations"]} of {status["destinations"]} ready");
        Row(grid, "in progress", $"{status["active"]} flows, {status["relayedConnections"]} of them relayed");
        foreach (var path in Items(status["kernel"]?["paths"]))
        {
            Row(grid, "forwarding", PathLine(path));
        }

        if (status["kernel"]?["error"] is { } error)
        {
            Row(grid, "kernel", $"{error}");
        }

        Row(grid, "configuration", $"{configuration?["revision"]}, {configuration?["file"] ?? "no file"}");
        foreach (var refused in Items(configuration?["lastErrors"]))
        {
            Row(grid, "refused", $"{refused?["key"]} {refused?["rule"]}");
        }

        if (configuration?["pending"] is { } pending)
        {
            Row(grid, "waits", $"for 'config confirm' until {Moment(pending["until"])}, else it rolls back");
        }

        console.Write(grid);
    }

    public static void Clusters(IAnsiConsole console, JsonNode clusters)
    {
        var sheet = new Sheet().Left("cluster").Left("state").Left("scheduler", drop: 2)
            .Right("ready").Right("active", drop: 5).Right("flows", drop: 1).Right("rate", drop: 3).Right("errors", drop: 4);
        foreach (var cluster in Items(clusters))
        {
            sheet.Row(
                cluster?["id"], State(cluster?["state"]), cluster?["scheduler"], $"{cluster?["ready"]}/{cluster?["total"]}",
                cluster?["active"], cluster?["flows"], Rate(cluster?["rate"]), cluster?["errors"]);
        }

        sheet.Write(console);
    }

    public static void Destinations(IAnsiConsole console, JsonNode cluster)
    {
        var queue = cluster["queue"] is { } waiting ? $", {waiting["waiting"]} of {waiting["length"]} waiting" : "";
        console.Write(new Text(
            $"{cluster["id"]}: {cluster["scheduler"]}, probe {cluster["probe"] ?? "none"}, {cluster["ready"]} of {cluster["total"]} ready{queue}\n"));
        var sheet = new Sheet().Left("#").Left("destination").Left("address", mayMove: true).Left("state")
            .Right("weight", drop: 4).Right("active", drop: 3).Right("flows", drop: 1).Right("errors", drop: 2);
        foreach (var (index, destination) in Items(cluster["destinations"]).Index())
        {
            sheet.Row(
                index, destination?["id"], $"{destination?["address"]}".Replace("tcp://", "", StringComparison.Ordinal), State(destination?["state"]),
                Weight(destination), destination?["active"], destination?["flows"], destination?["errors"]);
        }

        sheet.Write(console);
        foreach (var destination in Items(cluster["destinations"]).Where(d => $"{d?["reason"]}".Length > 0))
        {
            console.Write(new Text($"{destination?["id"]}: {destination?["reason"]}\n"));
        }

        foreach (var path in Items(cluster["paths"]))
        {
            console.Write(new Text(PathLine(path) + "\n"));
        }

        Counted(console, Items(cluster["destinations"]).Select(d => ($"{d?["id"]}", d?["kernel"])));
    }

    public static void Events(IAnsiConsole console, JsonNode events)
    {
        var table = New("time", "event");
        foreach (var item in Items(events).Reverse())
        {
            var who = $"{item?["who"]}";
            table.AddRow(Plain(Moment(item?["time"])), new Text($"{item?["text"]}{(who.Length > 0 ? $" ({who})" : "")}"));
        }

        console.Write(table);
    }

    public static void Connections(IAnsiConsole console, JsonNode answer)
    {
        var sheet = new Sheet().Left("id").Left("virtual server", drop: 5).Left("client").Left("destination")
            .Right("age", drop: 4).Right("idle", drop: 3).Right("sent", drop: 1).Right("received", drop: 2);
        foreach (var item in Items(answer["connections"]))
        {
            sheet.Row(
                item?["id"], item?["virtualServer"], item?["client"], item?["destination"],
                Seconds(item?["ageSeconds"]), Seconds(item?["idleSeconds"]), Short(Long(item?["bytesSent"])), Short(Long(item?["bytesReceived"])));
        }

        sheet.Write(console);
        console.Write(new Text($"{answer["count"]} connections\n"));
    }

    public static void Explain(IAnsiConsole console, JsonNode answer)
    {
        console.Write(new Text($"{answer["chosen"] ?? "none"}: {answer["rule"]}\n"));
        var sheet = new Sheet().Left("").Left("destination").Left("verdict").Right("weight", drop: 2).Right("active", drop: 1).Right("compared", drop: 3);
        foreach (var item in Items(answer["candidates"]))
        {
            sheet.Row(
                Flag(item?["chosen"]) ? ">" : "", item?["destination"], item?["verdict"], item?["weight"], item?["active"], item?["compared"]);
        }

        sheet.Write(console);
    }

    /// <summary>What a change did or would do: its values, and the shares they make.</summary>
    public static void Change(IAnsiConsole console, JsonNode answer)
    {
        if (answer["effect"] is { } effect)
        {
            console.Write(new Text($"{(Flag(answer["dryRun"]) ? "would be: " : "")}{effect}{Why(answer["after"]?["reason"])}\n"));
        }

        foreach (var item in Items(answer["differences"]))
        {
            if (item?["before"] is { } before)
            {
                console.Write(new Text($"- {item["key"]} = {before}\n", new Style(Color.Red)));
            }

            if (item?["after"] is { } after)
            {
                console.Write(new Text($"+ {item["key"]} = {after}\n", new Style(Color.Green)));
            }
        }

        foreach (var warning in Items(answer["warnings"]))
        {
            console.Write(new Text($"warning: {warning?["key"]} {warning?["rule"]}. {warning?["remedy"]}\n"));
        }

        if (answer["pending"] is { } pending)
        {
            console.Write(new Text($"in force until {Moment(pending["until"])}; 'config confirm' keeps it\n"));
        }
    }

    public static void Versions(IAnsiConsole console, JsonNode versions)
    {
        var table = New("version", "time", "by", "comment", "values");
        foreach (var item in Items(versions))
        {
            table.AddRow(
                Number(item?["number"]), Plain(Moment(item?["time"])), Plain(item?["by"]), new Text($"{item?["comment"]}"),
                Number(Items(item?["changes"]).Count()));
        }

        console.Write(table);
    }

    public static IEnumerable<JsonNode?> Items(JsonNode? node) => node as JsonArray ?? [];

    private static Table New(params ReadOnlySpan<string> columns)
    {
        var table = new Table().Border(TableBorder.None);
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))).PadLeft(0).PadRight(2));
        }

        return table;
    }

    private static void Row(Grid grid, string name, string value) => grid.AddRow(new Text(name), new Text(value));

    private static Text Plain(object? value) => new Text($"{value}").Ellipsis();

    private static Text Number(object? value) => new($"{value}");

    private static object State(JsonNode? state) =>
        ($"{state}", _colors.TryGetValue($"{state}", out var color) ? new Style(color) : Style.Plain);

    private static string Weight(JsonNode? destination)
    {
        var (weight, effective) = ($"{destination?["weight"]}", $"{destination?["effectiveWeight"]}");
        return (Flag(destination?["backup"]) ? "backup " : "") + (weight == effective || effective == "0" ? weight : $"{effective}/{weight}");
    }

    private static bool Flag(JsonNode? node) => node is JsonValue value && value.TryGetValue<bool>(out var flag) && flag;

    private static string Rate(JsonNode? node) => node is JsonValue value && value.TryGetValue<double>(out var rate)
        ? rate.ToString("0.0", CultureInfo.InvariantCulture) : "";

    private static string Seconds(JsonNode? node) => node is JsonValue value && value.TryGetValue<double>(out var seconds)
        ? $"{seconds.ToString("0", CultureInfo.InvariantCulture)}s" : "";

    /// <summary>Whose word it is and until when, behind what it does.</summary>
    private static string Why(JsonNode? reason) => $"{reason}" is { Length: > 0 } text ? $" ({text})" : "";

    private static string Moment(JsonNode? node) =>
        DateTimeOffset.TryParse($"{node}", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            ? moment.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : "";
}
