using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Support;

namespace Gateway.Tests.Http.Conformance;

/// <summary>1 GiB each way, in memory that does not grow with it.</summary>
[Collection(Alone.Name)]
public sealed class LargeBodyTests
{
    private const long Length = 1L << 30;
    private const int MostGrowth = 96 * 1024 * 1024;

    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(3);

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
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var most = 0L;

        await client.SendAllAsync(Encoding.ASCII.GetBytes($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {Length}\r\n\r\n"));
        var upload = SendAsync(client);
        using var accepted = await destination.AcceptedAsync();
        Assert.Equal(Length, await ReceiveAsync(accepted));
        await upload;
        await accepted.SendAllAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {Length}\r\n\r\n"));
        var download = SendAsync(accepted);
        Assert.Equal(Length, await ReceiveAsync(client));
        await download;

        Assert.True(most - before < MostGrowth, $"{(most - before) >> 20} MiB more");

        async Task SendAsync(Socket socket)
        {
            var piece = new byte[256 * 1024];
            for (var sent = 0L; sent < Length; sent += piece.Length)
            {
                await socket.SendAllAsync(piece);
            }
        }

        // The head, and then as many bytes as there are to come.
        async Task<long> ReceiveAsync(Socket socket)
        {
            var buffer = new byte[256 * 1024];
            var length = 0;
            while (buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
            {
                length += await socket.ReceiveAsync(buffer.AsMemory(length)).AsTask().WaitAsync(_deadline);
            }

            var got = (long)length - (buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) + 4);
            while (got < Length)
            {
                var received = await socket.ReceiveAsync(buffer).WaitAsync(_deadline);
                Assert.NotEqual(0, received);
                got += received;
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: false));
            }

            return got;
        }
    }
}
