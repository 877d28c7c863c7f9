using System.Globalization;
using System.Text;
using Gateway.Http.Plain;

namespace Gateway.Tests.Http.Plain;

public class PlainHeadTests
{
    private const int MaxFields = 100;
    private const int MaxLength = 8192;

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/", "a", -1, false)]
    [InlineData("GET /a/b?c=%20 HTTP/1.1\r\nHost: a.example:80\r\nAccept: */*\r\n\r\n", "GET", "/a/b", "a.example:80", -1, false)]
    [InlineData("HEAD /a HTTP/1.1\r\nhost:a\r\nConnection: Close\r\n\r\n", "HEAD", "/a", "a", -1, true)]
    [InlineData("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nabc", "POST", "/a", "a", 3, false)]
    [InlineData("DELETE /a HTTP/1.1\r\nHost: a\r\n\r\n", "DELETE", "/a", "a", -1, false)]
    [InlineData("GET /a HTTP/1.1\r\nHost: a\r\nCookie: b=c\r\nUpgrade-Insecure-Requests: 1\r\n\r\n", "GET", "/a", "a", -1, false)]
    public void TryRead_Plain(string text, string method, string path, string host, long length, bool isLast)
    {
        var head = new PlainHead();

        Assert.True(head.TryRead(Encoding.Latin1.GetBytes(text), MaxFields, MaxLength));
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
        Assert.False(new PlainHead().TryRead(Encoding.Latin1.GetBytes(text), MaxFields, MaxLength));

    [Fact]
    public void TryRead_Limits_AreKept()
    {
        static string WithFields(int count) =>
            $"GET / HTTP/1.1\r\nHost: a\r\n{string.Concat(Enumerable.Range(1, count - 1).Select(i => $"X-{i}: 1\r\n"))}\r\n";
        var head = new PlainHead();

        Assert.True(head.TryRead(Encoding.Latin1.GetBytes(WithFields(20)), 20, 1000));
        Assert.False(head.TryRead(Encoding.Latin1.GetBytes(WithFields(21)), 20, 1000));
        Assert.False(head.TryRead(Encoding.Latin1.GetBytes($"GET / HTTP/1.1\r\nHost: a\r\nX: {new string('x', 1000)}\r\n\r\n"), 20, 1000));
    }

    [Fact]
    public void TryRead_AnyNumberOfFieldsIsAllowed_MemoryIsForAsManyAsFit() =>
        Assert.True(new PlainHead().TryRead("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\r\n"u8, int.MaxValue, 100));

    /// <summary>Heads that are damaged and put together at random: whatever is plain must be what Kestrel reads in them.</summary>
    [Fact]
    public void TryRead_RandomHeads_WhatIsPlainMeansToKestrelTheSame()
    {
        var random = new Random(3);
        var head = new PlainHead();
        var (plain, others) = (0, 0);
        for (var i = 0; i < 200_000; i++)
        {
            var bytes = RandomHead(random);
            if (!head.TryRead(bytes, MaxFields, MaxLength))
            {
                others++;
                continue;
            }

            plain++;
            var text = Encoding.Latin1.GetString(bytes);
            var kestrel = KestrelHead.Read(bytes);
            Assert.True(kestrel is not null, text);
            Assert.Equal(text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4, head.Length);
            Assert.Equal($"{head.Method} {text[head.Target]} Http11", kestrel.StartLine);
            Assert.Equal(text[head.Target].Split('?')[0], head.Path.ToString());
            Assert.DoesNotContain(kestrel.Fields, field => _neverPlain.Contains(field.Name));
            Assert.Equal(text[head.Host], Assert.Single(kestrel.Fields, Is("Host")).Value);
            Assert.Equal(text[head.Host], head.HostName.ToString());
            var lengths = kestrel.Fields.Where(field => Is("Content-Length")(field)).Select(field => field.Value).ToArray();
            Assert.Equal(lengths.Length == 0 ? -1 : long.Parse(Assert.Single(lengths), CultureInfo.InvariantCulture), head.ContentLength);
            var connection = kestrel.Fields.Where(field => Is("Connection")(field)).Select(field => field.Value).ToArray();
            Assert.All(connection, value => Assert.Contains(value, _connection, StringComparer.OrdinalIgnoreCase));
            Assert.Equal(connection.Contains("close", StringComparer.OrdinalIgnoreCase), head.IsLast);
            Assert.Equal(
                kestrel.Fields.Where(field => !_written.Contains(field.Name)),
                Enumerable.Range(0, head.Count).Select(field => Split(text[head.Field(field)])));
        }

        Assert.True(plain > 20_000 && others > 20_000, $"{plain} were plain, {others} were not");

        static Predicate<(string Name, string Value)> Is(string name) =>
            field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase);

        static (string, string) Split(string line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            return (line[..colon], line[(colon + 1)..].Trim(' ', '\t'));
        }
    }

    private static readonly string[] _connection = ["keep-alive", "close"];

    /// <summary>Fields that are not passed on, or are written anew.</summary>
    private static readonly HashSet<string> _written = new(
        [
            "Host", "Content-Length", "Connection", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix",
            "Upgrade-Insecure-Requests",
        ],
        StringComparer.OrdinalIgnoreCase);

    private static readonly HashSet<string> _neverPlain = new(
        ["Transfer-Encoding", "Expect", "Upgrade", "TE", "Trailer", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "HTTP2-Settings"],
        StringComparer.OrdinalIgnoreCase);

    private static readonly string[] _lines =
    [
        "Host: a", "Host: a.example:80", "host:b", "Content-Length: 3", "content-length:0", "Content-Length: 03", "Transfer-Encoding: chunked",
        "Connection: close", "connection: Keep-Alive", "Connection: close, X-A", "X-A: b", "X-A:", "X-A: \t b c \t", "Cookie: a=b", "Cookie: c",
        "Expect: 100-continue", "Upgrade: h2c", "TE: trailers", "X-Forwarded-For: 192.0.2.1", "x-forwarded-proto: https", "Accept: */*",
        "Content-Type: text/plain", "Content-Type: application/grpc", "Upgrade-Insecure-Requests: 1", "Keep-Alive: 5", "X-Latin: \u00e9", "Trailer: X",
    ];

    private static readonly string[] _starts =
    [
        "GET / HTTP/1.1", "POST /a?b HTTP/1.1", "PUT /a/b HTTP/1.1", "DELETE /a/ HTTP/1.1", "HEAD /a~b?c=%20/../ HTTP/1.1", "OPTIONS /a HTTP/1.1",
    ];

    private static byte[] RandomHead(Random random)
    {
        var lines = new List<string> { _starts[random.Next(_starts.Length)], "Host: a", "Content-Length: 3" };
        for (var more = random.Next(4); more > 0; more--)
        {
            lines.Insert(random.Next(1, lines.Count + 1), _lines[random.Next(_lines.Length)]);
        }

        if (random.Next(2) == 0)
        {
            // Once is plain for most methods.
            lines.Remove("Content-Length: 3");
        }

        List<byte> bytes = [.. Encoding.Latin1.GetBytes($"{string.Join("\r\n", lines)}\r\n\r\nabc")];
        for (var changes = random.Next(3); changes > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            var other = (byte)(random.Next(3) == 0 ? random.Next(256) : "\r\n :;,\0\t/.%aA0"[random.Next(14)]);
            switch (random.Next(4))
            {
                case 0:
                    bytes.Insert(at, other);
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                default:
                    bytes[at] = other;
                    break;
            }
        }

        return [.. bytes];
    }
}
