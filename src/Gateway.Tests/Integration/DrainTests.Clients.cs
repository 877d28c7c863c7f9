using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Integration;

/// <content>Clients of every kind, and what serves them.</content>
public sealed partial class DrainTests
{
    private async Task AskUntilAsync(HttpClient client, Action served, CancellationToken stop)
    {
        using (client)
        {
            while (!stop.IsCancellationRequested)
            {
                using var answer = await client.GetAsync("/", _patience.Token);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                served();
            }
        }
    }

    private async Task<ClientWebSocket> OpenAsync(RunningGateway gateway)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(Address(gateway, 0)) { Scheme = "ws" }.Uri, _patience.Token);
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, _patience.Token);
        var answer = await socket.ReceiveAsync(new byte[100], _patience.Token);
        Assert.Equal(5, answer.Count);
        return socket;
    }

    private async Task<WebSocketCloseStatus?> CloseCodeAsync(ClientWebSocket socket)
    {
        using (socket)
        {
            var received = await socket.ReceiveAsync(new byte[100], _patience.Token);
            Assert.Equal(WebSocketMessageType.Close, received.MessageType);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, _patience.Token);
            return received.CloseStatus;
        }
    }

    private static async Task<(Socket Client, Socket AtDestination)> ConnectAsync(RunningGateway gateway, TcpDestination destination)
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(gateway.VirtualServer("tcp"));
        return (client, await destination.AcceptedAsync());
    }

    private static async Task<UdpPeer> AskAsync(RunningGateway gateway, UdpPeer destination, string text)
    {
        var client = UdpPeer.Connect(gateway.VirtualServer("udp"));
        client.Send(text);
        await destination.ReceiveFromAsync();
        return client;
    }

    private static async Task<string> ReadRequestAsync(Socket socket)
    {
        var request = "";
        var buffer = new byte[4096];
        while (!request.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            request += Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer));
        }

        return request;
    }

    private static async Task<Socket> AskOnceAsync(Uri address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address.Host, address.Port);
        await socket.SendAllAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        var answer = "";
        var buffer = new byte[4096];
        while (!answer.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal))
        {
            answer += Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer));
        }

        return socket;
    }

    private static async Task<Socket> GreetHttp2Async(Uri address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address.Host, address.Port);
        byte[] emptySettings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        await socket.SendAllAsync((byte[])[.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. emptySettings]);
        await socket.ReceiveAsync(new byte[9], SocketFlags.Peek);
        return socket;
    }

    /// <summary>The types of HTTP/2 frames; 7 is GOAWAY.</summary>
    private static List<int> FrameTypes(byte[] bytes)
    {
        var types = new List<int>();
        for (var at = 0; at + 9 <= bytes.Length; at += 9 + ((bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2]))
        {
            types.Add(bytes[at + 3]);
        }

        return types;
    }

    private RequestDelegate EchoOrName(string name) => async context =>
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

        _told.Enqueue(socket.CloseStatus);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
    };
}
