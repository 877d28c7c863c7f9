using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Support;

namespace Gateway.Tests.Http;

/// <summary>Bytes as they arrive at the destination, for requests written by hand.</summary>
public class ExactForwardingTests
{
    [Theory]
    [InlineData("/a%2Fb", "/a%2Fb")]
    [InlineData("/@scope%2fname", "/@scope%2fname")]
    [InlineData("/b%2B?y=%41&x=%zz", "/b%2B?y=%41&x=%zz")]
    [InlineData("/a%FFb", "/a%FFb")]
    [InlineData("/public/../secret", "/secret")]
    [InlineData("/public/%2e%2e/secret", "/secret")]
    [InlineData("/public/x%2F../../secret", "/public/secret")]
    [InlineData("/public%2F../secret", "/public%252F../secret")]
    [InlineData("/public%2f..%2Fsecret", "/public%252f..%252Fsecret")]
    [InlineData("/public%2F..", "/public%252F..")]
    [InlineData("/group%2F.github%2F...", "/group%2F.github%2F...")]
    [InlineData("/a?to=%2F../b", "/a?to=%2F../b")]
    public async Task Forward_Target_ArrivesAsSentUnlessItHasDots(string sent, string received)
    {
        var request = await ForwardedAsync($"GET {sent} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n");

        Assert.StartsWith($"GET {received} HTTP/1.1\r\n", request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forward_HeaderBytesBeyondAscii_ArriveAsSent()
    {
        var request = await ForwardedAsync("GET / HTTP/1.1\r\nHost: a\r\nX-Name: caf\u00c3\u00a9\r\nConnection: close\r\n\r\n");

        Assert.Contains("\r\nX-Name: caf\u00c3\u00a9\r\n", request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forward_HeadersNamedInConnection_StayHere()
    {
        var request = await ForwardedAsync(
            "GET / HTTP/1.0\r\nHost: a\r\nX-Hop: 1\r\nX-End: 2\r\nConnection: X-Hop, X-Forwarded-For\r\n\r\n");

        Assert.DoesNotContain("X-Hop", request, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("\r\nX-End: 2\r\n", request, StringComparison.Ordinal);
        Assert.Contains("\r\nX-Forwarded-For: 127.0.0.1\r\n", request, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Forward_AnswerHeadersBeyondAsciiAnd204WithLength_Pass()
    {
        using var destination = new TcpDestination();
        await using var gateway = await StartAsync(destination);
        var answering = AnswerAsync(destination, "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\nX-Name: caf\u00c3\u00a9\r\n\r\n");

        var answer = await AskAsync(gateway, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        await answering;

        Assert.StartsWith("HTTP/1.1 204", answer, StringComparison.Ordinal);
        Assert.Contains("X-Name: caf\u00c3\u00a9\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forward_EmptyHost_IsRefused()
    {
        using var destination = new TcpDestination();
        await using var gateway = await StartAsync(destination);

        var answer = await AskAsync(gateway, "GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
    }

    private static async Task<string> ForwardedAsync(string request)
    {
        using var destination = new TcpDestination();
        await using var gateway = await StartAsync(destination);
        var answering = AnswerAsync(destination, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200", await AskAsync(gateway, request), StringComparison.Ordinal);
        return await answering;
    }

    private static Task<RunningGateway> StartAsync(TcpDestination destination) =>
        RunningGateway.StartAsync(Json.Proxy("rr", [Json.Destination("a", $"http://{destination.EndPoint}")]));

    /// <summary>Reads one request, answers it and returns what was read, each byte as one character.</summary>
    private static async Task<string> AnswerAsync(TcpDestination destination, string answer)
    {
        var socket = await destination.AcceptedAsync();
        var request = "";
        var buffer = new byte[4096];
        while (!request.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var length = await socket.ReceiveAsync(buffer);
            Assert.True(length > 0, "The request ended early.");
            request += Encoding.Latin1.GetString(buffer, 0, length);
        }

        await socket.SendAsync(Encoding.Latin1.GetBytes(answer));
        return request;
    }

    private static async Task<string> AskAsync(RunningGateway gateway, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, gateway.Client.BaseAddress!.Port));
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request));
        using var reader = new StreamReader(client.GetStream(), Encoding.Latin1);
        return await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(20));
    }
}
