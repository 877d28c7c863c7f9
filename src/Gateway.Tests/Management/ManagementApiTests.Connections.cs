using System.Net;
using Gateway.Tests.Support;

namespace Gateway.Tests.Management;

/// <content>Relayed connections.</content>
public sealed partial class ManagementApiTests
{
    [Fact]
    public async Task Connections_LedBySni_AreThoseOfTheClusterThatServes()
    {
        using var mail = new TcpDestination();
        var port = FreePort.On(IPAddress.Loopback);
        await _gateway.ReloadAsync($$"""
            {
              "ReverseProxy": { "Clusters": {
                "web": { "Destinations": { "a": { "Address": "{{_a.Address}}" } } },
                "mail": { "Destinations": { "m": { "Address": "tcp://{{mail.EndPoint}}" } } } } },
              "VirtualServers": { "l4": { "Listen": "127.0.0.1:{{port}}", "ClusterId": "web", "Sni": { "mail.example": "mail" } } }
            }
            """);
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await client.Client.SendAllAsync(HelloBytes.Of("mail.example"));
        await mail.AcceptedAsync();

        var found = await _gateway.GetAsync("connections?cluster=mail");
        var others = await _gateway.GetAsync("connections?cluster=web");

        Assert.Equal((1, 0), ((int)found["count"]!, (int)others["count"]!));
        var connection = found["connections"]![0]!;
        Assert.Equal(("mail", "m"), ((string)connection["cluster"]!, (string)connection["destination"]!));
        await _gateway.SendAsync(HttpMethod.Delete, $"connections/{connection["id"]}");
        Assert.Contains(_gateway.Events.After(0), e => e is { Kind: "action", Cluster: "mail", Destination: "m" });
    }
}
