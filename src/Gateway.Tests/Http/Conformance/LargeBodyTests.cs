using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Http.Plain;
using Gateway.Tests.Support;

namespace Gateway.Tests.Http.Conformance;

/// <summary>1 GiB each way, in memory that does not grow with it.</summary>
[Collection(Alone.Name)]
public sealed class LargeBodyTests
{
    private const long Length = 1L << 30;
    private const int MostGrowth = 96 * 1024 * 1024;

    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(3);
    private static readonly byte[] _piece = new byte[256 * 1024];

    private long _before;
    private long _most;

    public static IEnumerable<object[]> OwnStacks => HttpVariant.Own.Select(stack => new object[] { stack });

    [Theory]
    [MemberData(nameof(OwnStacks))]
    public async Task OneGibibyteEachWay_MemoryIsFlat(HttpVariant stack)
    {
        using var destination = new TcpDestination();
        await using var gateway = await RunningGateway.StartAsync(
            stack.Configure(Json.Proxy("rr", [Json.Destination("a", $"http://{destination.EndPoint}")])));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, gateway.Client.BaseAddress!.Port);
        BeginToMeasure();

        await client.SendAllAsync(Encoding.ASCII.GetBytes($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {Length}\r\n\r\n"));
        var upload = SendBodyAsync(client, isChunked: false);
        using var accepted = await destination.AcceptedAsync();
        Assert.Equal(Length, await ReceiveAsync(accepted, Length));
        await upload;
        await accepted.SendAllAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {Length}\r\n\r\n"));
        var download = SendBodyAsync(accepted, isChunked: false);
        Assert.Equal(Length, await ReceiveAsync(client, Length));
        await download;

        Assert.True(_most - _before < MostGrowth, $"{(_most - _before) >> 20} MiB more");
    }

    [LinuxTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OneGibibyteDownThePlainLane_MemoryIsFlat(bool isChunked)
    {
        using var destination = new TcpDestination();
        await using var gateway = await LaneRig.StartAsync($"http://{destination.EndPoint}");
        using var client = await LaneRig.ConnectAsync(gateway);
        BeginToMeasure();

        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        using var accepted = await destination.AcceptedAsync();
        Assert.NotNull(await new WireReader(accepted).ReadRequestAsync());
        await accepted.SendAllAsync(Encoding.ASCII.GetBytes(
            $"HTTP/1.1 200 OK\r\n{(isChunked ? "Transfer-Encoding: chunked" : $"Content-Length: {Length}")}\r\n\r\n"));
        var download = SendBodyAsync(accepted, isChunked);
        var got = await ReceiveAsync(client.Socket, isChunked ? long.MaxValue : Length);
        await download;

        // What is chunked is framed anew, and has a little more than its body.
        Assert.True(isChunked ? got > Length && got < Length + (Length / 64) : got == Length, $"{got} bytes");
        Assert.True(_most - _before < MostGrowth, $"{(_most - _before) >> 20} MiB more");
        Assert.Equal((1, 0), LaneRig.Counts(gateway));
    }

    private static async Task SendBodyAsync(Socket socket, bool isChunked)
    {
        var size = Encoding.ASCII.GetBytes(_piece.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n");
        for (var sent = 0L; sent < Length; sent += _piece.Length)
        {
            if (isChunked)
            {
                await socket.SendAllAsync(size);
                await socket.SendAllAsync(_piece);
                await socket.SendAllAsync("\r\n"u8.ToArray());
            }
            else
            {
                await socket.SendAllAsync(_piece);
            }
        }

        if (isChunked)
        {
            await socket.SendAllAsync("0\r\n\r\n"u8.ToArray());
        }
    }

    private void BeginToMeasure() => _before = GC.GetTotalMemory(forceFullCollection: true);

    /// <summary>Takes a head, and then as many bytes as there are to come, or all up to the end; returns how many came after
    /// the head.</summary>
    private async Task<long> ReceiveAsync(Socket socket, long length)
    {
        var buffer = new byte[256 * 1024];
        var head = 0;
        while (buffer.AsSpan(0, head).IndexOf("\r\n\r\n"u8) < 0)
        {
            head += await socket.ReceiveAsync(buffer.AsMemory(head)).AsTask().WaitAsync(_deadline);
        }

        var got = (long)head - (buffer.AsSpan(0, head).IndexOf("\r\n\r\n"u8) + 4);
        while (got < length)
        {
            var received = await socket.ReceiveAsync(buffer).WaitAsync(_deadline);
            if (received == 0 && length == long.MaxValue)
            {
                break;
            }

            Assert.NotEqual(0, received);
            got += received;
            _most = Math.Max(_most, GC.GetTotalMemory(forceFullCollection: false));
        }

        return got;
    }
}
