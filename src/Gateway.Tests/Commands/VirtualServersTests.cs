using System.Net;
using System.Text.Json.Nodes;
using Gateway.Tests.Support;

namespace Gateway.Tests.Commands;

/// <summary>Virtual servers as the API and the console tell them: those that are relayed, and those that ask for the kernel and
/// do not get it. What the kernel does forward is in Kernel/ForwardingViewTests.</summary>
public sealed class VirtualServersTests : IAsyncLifetime
{
    private readonly ConsoleRig _rig = new($$"""
        {
          "ReverseProxy": { "Clusters": { "mail": { "Destinations": { "m1": { "Address": "tcp://127.0.0.1:9" } } } } },
          "VirtualServers": {
            "smtp": { "Listen": "127.0.0.1:0", "ClusterId": "mail" },
            "fast": { "Listen": "127.0.0.1:{{FreePort.On(IPAddress.Loopback)}}", "ClusterId": "mail", "Forwarding": "nat" }
          }
        }
        """);

    public Task InitializeAsync() => _rig.InitializeAsync();

    public Task DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Api_TellsThePathAndTheReason()
    {
        await Eventually.TrueAsync(
            async () => JsonNode.Parse((await _rig.RunAsync("status --json")).Output)!["kernel"] is not null, "the kernel was asked");
        var (exit, output, errors) = await _rig.RunAsync("virtual-servers --json");
        Assert.True(exit == 0, errors);
        var servers = JsonNode.Parse(output)!.AsArray().ToDictionary(server => (string)server!["id"]!, server => server!);

        Assert.Equal(["path", "reason"], Words(servers["smtp"], ("path", "relay"), ("reason", "")));
        Assert.Equal(["path", "forwarding", "family"], Words(servers["fast"], ("path", "relay"), ("forwarding", "nat"), ("family", "ipv4")));
        var reason = (string)servers["fast"]["paths"]![0]!["reason"]!;
        Assert.NotEmpty(reason);
        Assert.Null(servers["fast"]["kernel"]);
        Assert.Contains($"fast IPv4: relayed, not nat: {reason[..8]}", (await _rig.RunAsync("show mail")).Output, StringComparison.Ordinal);
        Assert.Contains("fast IPv4: relayed, not nat", (await _rig.RunAsync("virtual-servers")).Output, StringComparison.Ordinal);
        Assert.Contains("smtp IPv4: relayed", (await _rig.RunAsync("virtual-servers smtp")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("virtual-servers")]
    [InlineData("virtual-servers fast")]
    [InlineData("status")]
    public async Task Output_FitsEightyColumns(string command)
    {
        var (exit, output, _) = await _rig.RunAsync(command);

        Assert.Equal(0, exit);
        Assert.DoesNotContain(output.Split('\n'), line => line.TrimEnd().Length > 80);
    }

    [Fact]
    public async Task Unknown_IsTold() => Assert.Equal(1, (await _rig.RunAsync("virtual-servers nowhere")).Exit);

    /// <summary>The names of those values of its path that are as expected.</summary>
    private static IEnumerable<string> Words(JsonNode server, params (string Name, string Value)[] expected) => expected
        .Where(pair => (string)Assert.Single(server["paths"]!.AsArray())![pair.Name]! == pair.Value).Select(pair => pair.Name);
}
