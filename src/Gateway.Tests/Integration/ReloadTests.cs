using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Gateway.Configuration;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Integration;

/// <summary>Many reloads under load: nothing that is in progress may notice.</summary>
public class ReloadTests
{
    private const int Reloads = 200;

    [Fact]
    public async Task Reload_TwoHundredTimesUnderLoad_FailsNothing()
    {
        await using var a = await HttpDestination.StartAsync("a", EchoOrName("a"));
        await using var b = await HttpDestination.StartAsync("b", EchoOrName("b"));
        await using var c = await HttpDestination.StartAsync("c", EchoOrName("c"));
        string[] all = [Json.Destination("a", a.Address), Json.Destination("b", b.Address), Json.Destination("c", c.Address)];
        await using var gateway = await RunningGateway.StartAsync(Configuration(all));
        using var stop = new CancellationTokenSource();
        var sockets = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => OpenAsync(gateway)));
        using var relayed = new TcpClient();
        await relayed.ConnectAsync(gateway.VirtualServer("tcp"));
        var served = 0L;
        var load = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => AskUntilAsync(gateway.Client, () => Interlocked.Increment(ref served), stop.Token)));

        var broken = 0;
        for (var i = 0; i < Reloads; i++)
        {
            switch (i % 4)
            {
                case 0:
                    await gateway.ReloadAsync(Configuration(all[..2]));
                    break;
                case 1:
                    await gateway.ReloadAsync(Configuration([.. all[..2], Json.Destination("c", c.Address, 1 + (i % 7))]));
                    break;
                case 2:
                    broken++;
                    await gateway.WriteAsync(Configuration(all) + " } broken");
                    gateway.Reloader.RequestReload();
                    await Eventually.TrueAsync(() => gateway.Reloader.Status.Failures >= broken, "the broken file is reported");
                    break;
                default:
                    await gateway.ReloadAsync(Configuration(all));
                    break;
            }
        }

        await stop.CancelAsync();
        await load;

        Assert.True(served > Reloads);
        Assert.Equal(["a", "b", "c"], gateway.Store.Current.FindCluster("web")!.Destinations.Select(d => d.Id));
        foreach (var socket in sockets)
        {
            Assert.Equal("still here", await SayAsync(socket, "still here"));
            socket.Dispose();
        }

        await relayed.GetStream().WriteAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(relayed.GetStream());
        Assert.StartsWith("HTTP/1.1 200", await reader.ReadLineAsync(), StringComparison.Ordinal);
        Assert.Equal(ReloadResult.Applied, gateway.Reloader.Status.LastResult);
    }

    private static string Configuration(string[] destinations)
    {
        var list = string.Join(", ", destinations);
        return $$"""
            { "ReverseProxy": {
                "Routes": { "all": { "ClusterId": "web", "Match": { "Path": "{**catch-all}" } } },
                "Clusters": {
                  "web": { "LoadBalancingPolicy": "wlc", "Destinations": { {{list}} } },
                  "pool": { "LoadBalancingPolicy": "rr", "Destinations": { {{list.Replace("http://", "tcp://", StringComparison.Ordinal)}} } } } },
              "VirtualServers": { "tcp": { "Listen": [ "127.0.0.1:0" ], "Protocol": "tcp", "ClusterId": "pool" } } }
            """;
    }

    private static RequestDelegate EchoOrName(string name) => async context =>
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await context.Response.WriteAsync(name);
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[100];
        while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { MessageType: WebSocketMessageType.Text } message)
        {
            await socket.SendAsync(buffer.AsMemory(0, message.Count), WebSocketMessageType.Text, true, context.RequestAborted);
        }
    };

    private static async Task AskUntilAsync(HttpClient client, Action served, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            using var answer = await client.GetAsync("/", CancellationToken.None);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            served();
        }
    }

    private static async Task<ClientWebSocket> OpenAsync(RunningGateway gateway)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(gateway.Client.BaseAddress!) { Scheme = "ws" }.Uri, CancellationToken.None);
        Assert.Equal("hello", await SayAsync(socket, "hello"));
        return socket;
    }

    private static async Task<string> SayAsync(ClientWebSocket socket, string text)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, deadline.Token);
        var buffer = new byte[100];
        var answer = await socket.ReceiveAsync(buffer, deadline.Token);
        return Encoding.UTF8.GetString(buffer, 0, answer.Count);
    }
}
