using System.Text;

namespace Gateway.Tests.Http.Conformance;

/// <summary>Answers that two readers could read in two ways: none is passed on by Gateway's own forwarder, and none leaves
/// a connection behind on which the next answer could be somebody else's.</summary>
public sealed class StrictAnswerTests(ConformanceRig rig) : IClassFixture<ConformanceRig>
{
    private const string Next = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";

    /// <summary>Heads that are refused: the client gets a 502.</summary>
    public static TheoryData<string> BadHeads =>
    [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nabcde",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nabcde",
        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nabcde",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabcde",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nabcde",
        "HTTP/1.1 200 OK\r\nContent-Length: 5 5\r\n\r\nabcde",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nabcde",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nabcde",
        "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nabcde",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-A: 1\r\n folded\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n folded: 1\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\n\r\n",
        "HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-A: a\rb\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-A\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX A: a\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX\u00e9: a\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n",
        "HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n",
        "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "garbage\r\n\r\n",
    ];

    /// <summary>Bodies whose framing goes wrong after the head was passed on: the client's connection is broken off.
    /// </summary>
    public static TheoryData<string> BadChunks =>
    [
        "g\r\nx\r\n0\r\n\r\n", "\r\n0\r\n\r\n", "-1\r\nx\r\n0\r\n\r\n", "+1\r\nx\r\n0\r\n\r\n", "0x1\r\nx\r\n0\r\n\r\n",
        "1 \r\nx\r\n0\r\n\r\n", " 1\r\nx\r\n0\r\n\r\n", "1\nx\r\n0\r\n\r\n", "1\r\nxy\r\n0\r\n\r\n", "1\r\nx\n0\r\n\r\n",
        "1\r\nx0\r\n\r\n", "1;a\0b\r\nx\r\n0\r\n\r\n", "1;a\nx\r\n0\r\n\r\n", "1000000000000001\r\nx\r\n0\r\n\r\n",
        "00000000000000001\r\nx\r\n0\r\n\r\n", "0\r\nX-A\r\n\r\n", "0\r\n folded\r\n\r\n", "0\r\nX-A: 1\n\r\n", "0\r\nX A: 1\r\n\r\n", "0\rx",
    ];

    [Theory]
    [MemberData(nameof(BadHeads))]
    public async Task BadHead_Is502AndTheConnectionIsClosed(string answer)
    {
        foreach (var stack in HttpVariant.Own)
        {
            var path = rig.NewPath();
            var script = rig.Destination.On(path, answer);

            // Not repeated anywhere, so that there is one connection to look at.
            var seen = await rig.AskAsync(stack, $"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");

            Assert.Equal((502, ""), (seen.Status, seen.Text));
            await script.Closed.Task.WaitAsync(TimeSpan.FromSeconds(20));
        }
    }

    [Theory]
    [MemberData(nameof(BadChunks))]
    public async Task BadChunk_BreaksTheClientsConnection(string body)
    {
        foreach (var stack in HttpVariant.Own)
        {
            var path = rig.NewPath();
            var script = rig.Destination.On(path, $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n", body + Next);
            using var client = await rig.ConnectAsync(stack);
            await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\nGET {path} HTTP/1.1\r\nHost: a\r\n\r\n");

            var thrown = await Record.ExceptionAsync(async () => Encoding.Latin1.GetString(await client.Reader.ReadToEndAsync()));

            // Whatever came was no complete answer, and the connection is gone.
            Assert.True(thrown is null or System.Net.Sockets.SocketException, $"{thrown}");
            await script.Closed.Task.WaitAsync(TimeSpan.FromSeconds(20));
            Assert.DoesNotContain(script.Requests.Skip(1), request => request.Target != path);
        }
    }
}
