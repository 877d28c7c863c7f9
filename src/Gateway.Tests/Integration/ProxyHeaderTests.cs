using System.Net.Sockets;
using System.Text;
using Gateway.ProxyProtocol;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Integration;

/// <summary>PROXY protocol headers in front of HTTP, through the whole program.</summary>
public class ProxyHeaderTests
{
    [Fact]
    public async Task HttpListener_TrustedProxy_DestinationLearnsTheClient()
    {
        await using var destination = await HttpDestination.StartAsync("A");
        await using var gateway = await StartAsync(destination);

        var answer = await AskAsync(gateway, "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n");

        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        Assert.Equal("192.0.2.1", Assert.Single(destination.ForwardedFor));
    }

    [Fact]
    public async Task HttpListener_NoHeader_IsResetAndCounted()
    {
        await using var destination = await HttpDestination.StartAsync("A");
        await using var gateway = await StartAsync(destination);

        var error = await Record.ExceptionAsync(() => AskAsync(gateway, ""));

        Assert.True(error is SocketException or null, $"{error}");
        Assert.Equal(0, destination.Requests);
        await Eventually.TrueAsync(
            () => gateway.Services.GetRequiredService<ProxyHeaderFaults>().ByEndpoint.SequenceEqual([new("Http", 1)]), "counted");
    }

    private static Task<RunningGateway> StartAsync(HttpDestination destination) => RunningGateway.StartAsync($$"""
        {
          "ReverseProxy": {
            "Routes": { "web": { "ClusterId": "web", "Match": { "Path": "{**rest}" } } },
            "Clusters": { "web": { "Destinations": { "a": { "Address": "{{destination.Address}}" } } } }
          },
          "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.1:0", "ProxyProtocol": { "From": [ "127.0.0.0/8" ] } } } }
        }
        """);

    private static async Task<string> AskAsync(RunningGateway gateway, string header)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(gateway.Client.BaseAddress!.Host, gateway.Client.BaseAddress.Port);
        await socket.SendAllAsync(Encoding.ASCII.GetBytes(header + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
        return Encoding.ASCII.GetString(await socket.ReadToEndAsync());
    }
}
