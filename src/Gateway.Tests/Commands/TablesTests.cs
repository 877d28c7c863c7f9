using System.Text.Json.Nodes;
using Gateway.Commands.Remote;
using Gateway.Tests.Simulation;
using Spectre.Console;

namespace Gateway.Tests.Commands;

/// <summary>Tables of long names: what an operator types is never cut, whatever the width.</summary>
public sealed class TablesTests
{
    private static readonly (string Id, string Address)[] _long =
    [
        ("127.0.0.1-19001", "http://127.0.0.1:19001"),
        ("web-01.eu-central.example.com", "https://web-01.eu-central.example.com:8443"),
        ("v6", "http://[2001:db8:1234:5678:9abc:def0:1234:5678]:8443"),
        ("größe", "tcp://10.0.0.1:25"),
    ];

    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    public void Destinations_LongNames_Golden(int columns)
    {
        var text = Draw(columns, console => Tables.Destinations(console, Read(Cluster(_long))));

        Assert.All(_long, pair => Assert.Contains(pair.Id, text, StringComparison.Ordinal));
        Assert.All(_long, pair => Assert.Contains(pair.Address.Replace("tcp://", "", StringComparison.Ordinal), text, StringComparison.Ordinal));
        Assert.DoesNotContain("…", text, StringComparison.Ordinal);
        Assert.DoesNotContain(text.Split('\n'), line => line.Length > columns);
        Repository.AssertFile($"src/Gateway.Tests/Golden/Console/long-destinations-{columns}.txt", text);
    }

    [Fact]
    public void Destinations_PortsInEightyColumns_StayOnOneLine()
    {
        var text = Draw(80, console => Tables.Destinations(console, Read(Cluster(_long[..1]))));

        Assert.Contains("0  127.0.0.1-19001  http://127.0.0.1:19001  maintenance", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    public void Others_LongNames_Golden(int columns)
    {
        var clusters = new JsonArray([.. _long.Select(pair => Cluster([pair], pair.Id))]);
        var connections = new JsonObject
        {
            ["count"] = 1,
            ["connections"] = new JsonArray(new JsonObject
            {
                ["id"] = 123456,
                ["virtualServer"] = "smtp.example.com",
                ["client"] = "[2001:db8::1:2:3:4]:51234",
                ["destination"] = _long[1].Id,
                ["ageSeconds"] = 3600,
                ["idleSeconds"] = 3.5,
                ["bytesSent"] = 123456789012,
                ["bytesReceived"] = 12,
            }),
        };
        var servers = new JsonArray(new JsonObject
        {
            ["id"] = "smtp.eu-central.example.com",
            ["cluster"] = _long[1].Id,
            ["protocol"] = "tcp",
            ["forwarding"] = "direct",
            ["active"] = 12,
            ["accepted"] = 123456,
            ["listen"] = new JsonArray(new JsonObject { ["bound"] = "[2001:db8:1234:5678:9abc:def0:1234:5678]:8443" }),
            ["paths"] = new JsonArray(new JsonObject { ["virtualServer"] = "smtp", ["family"] = "ipv6", ["forwarding"] = "direct", ["path"] = "kernel", ["reason"] = "" }),
        });
        var text = Draw(columns, console =>
        {
            Tables.Clusters(console, Read(clusters));
            Tables.Connections(console, Read(connections));
            Tables.VirtualServers(console, Read(servers));
        });

        string[] typed = [.. _long.Select(pair => pair.Id), "[2001:db8::1:2:3:4]:51234", "[2001:db8:1234:5678:9abc:def0:1234:5678]:8443", "smtp.eu-central.example.com"];
        Assert.All(typed, word => Assert.Contains(word, text, StringComparison.Ordinal));
        Assert.DoesNotContain(text.Split('\n'), line => line.Length > columns);
        Repository.AssertFile($"src/Gateway.Tests/Golden/Console/long-others-{columns}.txt", text);
    }

    private static JsonObject Cluster((string Id, string Address)[] destinations, string id = "shop") => new()
    {
        ["id"] = id,
        ["state"] = "degraded",
        ["scheduler"] = "wlc",
        ["probe"] = "http",
        ["ready"] = 3,
        ["total"] = 4,
        ["active"] = 12345,
        ["flows"] = 1234567,
        ["rate"] = 1234.5,
        ["errors"] = 12345,
        ["destinations"] = new JsonArray([.. destinations.Select(pair => new JsonObject
        {
            ["id"] = pair.Id, ["address"] = pair.Address, ["state"] = "maintenance", ["reason"] = "", ["weight"] = 100, ["effectiveWeight"] = 50.5,
            ["backup"] = false, ["active"] = 12345, ["flows"] = 1234567, ["errors"] = 12345,
        })]),
    };

    /// <summary>As it comes from the API.</summary>
    private static JsonNode Read(JsonNode made) => JsonNode.Parse(made.ToJsonString())!;

    private static string Draw(int columns, Action<IAnsiConsole> draw)
    {
        using var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(output),
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = columns;
        draw(console);
        return output.ToString();
    }
}
