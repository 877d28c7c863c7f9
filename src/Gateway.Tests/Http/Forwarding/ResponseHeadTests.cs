using System.Text;
using Gateway.Http.Forwarding;

namespace Gateway.Tests.Http.Forwarding;

public class ResponseHeadTests
{
    [Fact]
    public void Read_BytewiseAndAtOnce_AreTheSame()
    {
        var bytes = "HTTP/1.1 404 Not Here\r\nServer: a\r\nContent-Length: 12\r\nConnection: close, x-a\r\nX-A:  b \r\n\r\nrest"u8.ToArray();
        var head = new ResponseHead();
        for (var step = 1; step < bytes.Length; step++)
        {
            head.Reset();
            var status = ParseStatus.NeedMore;
            for (var length = step; status == ParseStatus.NeedMore; length = Math.Min(length + step, bytes.Length))
            {
                status = head.Read(bytes.AsSpan(0, length));
            }

            Assert.Equal(ParseStatus.Done, status);
            Assert.Equal((404, "Not Here", 12L, false), (head.Status, head.Reason, head.ContentLength, head.IsPersistent));
            Assert.Equal(bytes.Length - 4, head.Length);
            Assert.Equal([("Server", "a"), ("Content-Length", "12"), ("Connection", "close, x-a"), ("X-A", "b")],
                Enumerable.Range(0, head.Count).Select(i => (head.Field(i).Name, head.Field(i).Value)));
            Assert.True(head.IsNamedInConnection("X-a"));
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n", true)]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n", true)]
    [InlineData("HTTP/1.1 200\r\nConnection: Close\r\n", false)]
    [InlineData("HTTP/1.0 200 OK\r\n", false)]
    [InlineData("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n", true)]
    public void IsPersistent_FollowsVersionAndConnection(string head, bool expected)
    {
        var read = new ResponseHead();
        read.Reset();

        Assert.Equal(ParseStatus.Done, read.Read(Encoding.Latin1.GetBytes(head + "\r\n")));
        Assert.Equal(expected, read.IsPersistent);
    }

    [Fact]
    public void Read_TooLong_IsRefused()
    {
        var head = new ResponseHead();
        foreach (var text in new[]
        {
            "HTTP/1.1 200 " + new string('r', 70_000),
            "HTTP/1.1 200 OK\r\nX-A: " + new string('v', 70_000),
            "HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat("X-A: 1\r\n", ResponseHead.MaxFields + 1)),
            "HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat($"X-A: {new string('v', 1000)}\r\n", 80)),
        })
        {
            head.Reset();

            Assert.Equal(ParseStatus.Bad, head.Read(Encoding.Latin1.GetBytes(text)));
        }
    }

    /// <summary>A million answers, each a good one with a few bytes changed: none may throw, and what is accepted must be
    /// allowed.</summary>
    [Fact]
    public void Read_MutatedAnswers_NeverThrowAndStayWithinBounds()
    {
        byte[][] seeds =
        [
            "HTTP/1.1 200 OK\r\nServer: a/1\r\nContent-Length: 12\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n\r\n"u8.ToArray(),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nSet-Cookie: a=b\r\nConnection: keep-alive\r\n\r\n"u8.ToArray(),
            "HTTP/1.0 304 Not Modified\r\nETag: \"a\"\r\nVary: A\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(),
        ];
        byte[] words = [.. "\r\n \t:;,0159afHT/\0\x7f\x80\xff-+"u8];
        var random = new Random(6);
        var head = new ResponseHead();
        var buffer = new byte[256];
        var accepted = 0;
        for (var i = 0; i < 1_000_000; i++)
        {
            var seed = seeds[i % seeds.Length];
            seed.CopyTo(buffer, 0);
            for (var changes = random.Next(4); changes >= 0; changes--)
            {
                buffer[random.Next(seed.Length)] = words[random.Next(words.Length)];
            }

            var bytes = buffer.AsSpan(0, random.Next(4) == 0 ? random.Next(seed.Length) : seed.Length);
            head.Reset();
            if (head.Read(bytes) == ParseStatus.Done)
            {
                accepted++;
                Assert.InRange(head.Length, 1, bytes.Length);
                Assert.InRange(head.Status, 100, 999);
                Assert.False(head.IsChunked && head.ContentLength >= 0);
                Assert.False(bytes[..head.Length].ContainsAny((byte)0, (byte)0x7f));
                Assert.True(bytes[..head.Length].EndsWith("\r\n\r\n"u8));
            }
        }

        Assert.InRange(accepted, 10_000, 900_000);
    }
}
