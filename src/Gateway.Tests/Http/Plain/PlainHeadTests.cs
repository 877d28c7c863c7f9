using System.Text;
using Gateway.Http.Plain;

namespace Gateway.Tests.Http.Plain;

public class PlainHeadTests
{
    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/", "a", -1, false)]
    [InlineData("GET /a/b?c=%20 HTTP/1.1\r\nHost: a.example:80\r\nAccept: */*\r\n\r\n", "GET", "/a/b", "a.example:80", -1, false)]
    [InlineData("HEAD /a HTTP/1.1\r\nhost:a\r\nConnection: Close\r\n\r\n", "HEAD", "/a", "a", -1, true)]
    [InlineData("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nabc", "POST", "/a", "a", 3, false)]
    [InlineData("DELETE /a HTTP/1.1\r\nHost: a\r\n\r\n", "DELETE", "/a", "a", -1, false)]
    [InlineData("GET /a HTTP/1.1\r\nHost: a\r\nCookie: b=c\r\nUpgrade-Insecure-Requests: 1\r\n\r\n", "GET", "/a", "a", -1, false)]
    public void TryRead_Plain(string text, string method, string path, string host, long length, bool isLast)
    {
        var head = new PlainHead(100, 8192);

        Assert.True(head.TryRead(Encoding.Latin1.GetBytes(text)));
        Assert.Equal(
            (method, path, host, length, isLast),
            (head.Method, head.Path.ToString(), head.HostName.ToString(), head.ContentLength, head.IsLast));
        Assert.Equal(text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4, head.Length);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n")]
    [InlineData("GET / HTTP/1.0\r\nHost: a\r\n\r\n")]
    [InlineData("get / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET  / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1 \r\nHost: a\r\n\r\n")]
    [InlineData("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /%61 HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /a//b HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /a?b#c HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /caf\u00e9 HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost:\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost : a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n X: b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nabc")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: x\r\n\r\nabc")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Hop\r\nX-Hop: b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Type: application/grpc+proto\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nCookie: x=1; gateway-management=2\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nCookie: x=1\r\nCookie: y=2\r\n\r\n")]
    public void TryRead_NotPlain_IsKestrels(string text) =>
        Assert.False(new PlainHead(100, 8192).TryRead(Encoding.Latin1.GetBytes(text)));

    [Fact]
    public void TryRead_Limits_AreKept()
    {
        static string WithFields(int count) =>
            $"GET / HTTP/1.1\r\nHost: a\r\n{string.Concat(Enumerable.Range(1, count - 1).Select(i => $"X-{i}: 1\r\n"))}\r\n";
        var head = new PlainHead(20, 1000);

        Assert.True(head.TryRead(Encoding.Latin1.GetBytes(WithFields(20))));
        Assert.False(head.TryRead(Encoding.Latin1.GetBytes(WithFields(21))));
        Assert.False(head.TryRead(Encoding.Latin1.GetBytes($"GET / HTTP/1.1\r\nHost: a\r\nX: {new string('x', 1000)}\r\n\r\n")));
    }

    [Fact]
    public void TryRead_AnyNumberOfFieldsIsAllowed_MemoryIsForAsManyAsFit() =>
        Assert.True(new PlainHead(int.MaxValue, 100).TryRead("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\r\n"u8));

    [Fact]
    public void TryRead_RandomBytes_NeverThrows_AndWhatIsPlainHasOneMeaning()
    {
        var random = new Random(3);
        var seed = Encoding.Latin1.GetBytes("POST /a?b HTTP/1.1\r\nHost: a:1\r\nContent-Length: 3\r\nConnection: close\r\nX-A: b\r\n\r\nabc");
        var head = new PlainHead(100, 8192);
        var plain = 0;
        for (var i = 0; i < 200_000; i++)
        {
            var bytes = seed.ToArray();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                bytes[random.Next(bytes.Length)] = (byte)(random.Next(3) == 0 ? random.Next(256) : "\r\n :;,\0\t/.%"[random.Next(11)]);
            }

            if (head.TryRead(bytes))
            {
                plain++;
                var text = Encoding.Latin1.GetString(bytes, 0, head.Length);
                Assert.DoesNotContain('\0', text);
                Assert.Equal(text.Count(c => c == '\r'), text.Count(c => c == '\n'));
                Assert.Equal(text.Split("\r\n").Length - 1, text.Count(c => c == '\n'));
                Assert.True(head.ContentLength >= 0);
            }
        }

        Assert.True(plain > 1000, $"{plain} were plain");
    }
}
