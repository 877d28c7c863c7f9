using System.Net;
using System.Net.Sockets;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Hosting;

public class NowhereTests
{
    /// <summary>What the host takes for its lines "Now listening on".</summary>
    [Fact]
    public async Task Start_WithoutAnEndpoint_SaysThatItListensNowhere_AndLaterEndpointsServe()
    {
        await using var gateway = await RunningGateway.StartAsync("""{ "Kestrel": {} }""");
        var addresses = gateway.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        Assert.Empty(addresses);

        var port = FreePort.On(IPAddress.Loopback);
        await gateway.ReloadAsync($$"""{ "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.1:{{port}}" } } } }""");

        using var client = new TcpClient();
        await Eventually.TrueAsync(() => TryConnect(client, port), "the new endpoint is open");
    }

    [Fact]
    public async Task Start_WithAnEndpoint_SaysWhereItListens()
    {
        await using var gateway = await RunningGateway.StartAsync("{}");

        var address = Assert.Single(gateway.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses);
        Assert.Equal(gateway.Client.BaseAddress, new Uri(address));
    }

    private static bool TryConnect(TcpClient client, int port)
    {
        try
        {
            client.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
