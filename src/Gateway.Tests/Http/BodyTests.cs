using System.Net;
using System.Security.Cryptography;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Http;

/// <summary>Large bodies both ways, over a dead destination first: nothing of a body may be lost by trying again.</summary>
public class BodyTests
{
    private const int Size = 100 * 1024 * 1024;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Upload_FirstDestinationDead_ArrivesWhole(bool chunked)
    {
        await using var b = await HttpDestination.StartAsync("b", HashBodyAsync);
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy("rr", DeadThen(b)));
        var expected = await SHA256.HashDataAsync(new PatternStream(Size));

        for (var i = 0; i < 2; i++)
        {
            using var content = new StreamContent(new PatternStream(Size));
            using var request = new HttpRequestMessage(HttpMethod.Post, "/") { Content = content };
            request.Headers.TransferEncodingChunked = chunked;
            content.Headers.ContentLength = chunked ? null : Size;
            using var answer = await gateway.Client.SendAsync(request);

            Assert.Equal(Convert.ToHexString(expected), await answer.Content.ReadAsStringAsync());
        }

        Assert.True(gateway.State("web", "a").Retries > 0);
        Assert.Equal(2, b.Requests);
        Assert.InRange(gateway.State("web", "b").BytesSent, 2L * Size, 2L * Size + (2 * Size / 10));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Download_FirstDestinationDead_ArrivesWhole(bool chunked)
    {
        await using var b = await HttpDestination.StartAsync("b", context =>
        {
            context.Response.ContentLength = chunked ? null : Size;
            return new PatternStream(Size).CopyToAsync(context.Response.Body, context.RequestAborted);
        });
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy("rr", DeadThen(b)));
        var expected = await SHA256.HashDataAsync(new PatternStream(Size));

        for (var i = 0; i < 2; i++)
        {
            await using var body = await gateway.Client.GetStreamAsync("/");

            Assert.Equal(expected, await SHA256.HashDataAsync(body));
        }

        Assert.True(gateway.State("web", "a").Retries > 0);
        Assert.InRange(gateway.State("web", "b").BytesReceived, 2L * Size, 2L * Size + (2 * Size / 10));
    }

    private static string[] DeadThen(HttpDestination live) =>
    [
        Json.Destination("a", $"http://127.0.0.1:{FreePort.On(IPAddress.Loopback)}"),
        Json.Destination("b", live.Address),
    ];

    private static async Task HashBodyAsync(HttpContext context)
    {
        var hash = await SHA256.HashDataAsync(context.Request.Body, context.RequestAborted);
        await context.Response.WriteAsync(Convert.ToHexString(hash));
    }

    /// <summary>A stream of this many bytes that never repeats within a page, so that a lost or doubled part shows.</summary>
    private sealed class PatternStream(long size) : Stream
    {
        private long _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => _position;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var length = (int)Math.Min(count, size - _position);
            for (var i = 0; i < length; i++)
            {
                var position = _position + i;
                buffer[offset + i] = (byte)((position * 31) ^ (position >> 8) ^ (position >> 17));
            }

            _position += length;
            return length;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
