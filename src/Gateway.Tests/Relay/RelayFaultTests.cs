using System.Net.Sockets;
using Gateway.Relay;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <summary>
/// Connections that do everything at once: random sizes both ways, stalls, half-closes in both orders, resets from both
/// sides. What arrives must be what was sent, and nothing may be left behind.
/// </summary>
[Collection(Alone.Name)]
public abstract class RelayFaultTests(string engine) : RelayTests(engine)
{
    private const int Connections = 300;
    private const int AtOnce = 40;
    private const int LargestBody = 1_500_000;

    [Fact]
    public async Task Connections_OfEveryKind_AreExactAndLeaveNothingBehind()
    {
        using var destination = new TcpDestination();
        var rig = await StartAsync(destination.EndPoint);
        var serving = ServeAsync(destination, Connections);
        using var places = new SemaphoreSlim(AtOnce);

        await Task.WhenAll(Enumerable.Range(0, Connections).Select(async seed =>
        {
            await places.WaitAsync();
            try
            {
                await new Plan(seed).RunClientAsync(await rig.ConnectAsync());
            }
            finally
            {
                places.Release();
            }
        }));
        await serving;

        var ends = new Dictionary<ConnectionEnd, int>();
        for (var i = 0; i < Connections; i++)
        {
            var end = (await rig.EndedAsync()).End;
            ends[end] = ends.GetValueOrDefault(end) + 1;
        }

        Assert.Equal(
            [ConnectionEnd.Client, ConnectionEnd.Destination, ConnectionEnd.ClientReset, ConnectionEnd.DestinationReset],
            ends.Keys.Order());
        Assert.Equal(0, rig.Service.Connections.Count);
        Assert.Equal((0, 0), (rig.State("A").Active, rig.State("A").Inactive));
        await rig.DisposeAsync();
    }

    [LinuxFact]
    public async Task Relay_StartedUsedAndStopped_LeavesNoDescriptor()
    {
        await UseAsync();
        var before = Descriptors();

        for (var i = 0; i < 5; i++)
        {
            await UseAsync();
        }

        Assert.InRange(Descriptors(), 0, before + 2);

        static int Descriptors() => Directory.GetFiles("/proc/self/fd").Length;
    }

    private async Task UseAsync()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(TcpDestination.Unused(), destination.EndPoint);
        for (var seed = 0; seed < 20; seed++)
        {
            var serving = ServeAsync(destination, 1);
            await new Plan(seed).RunClientAsync(await rig.ConnectAsync());
            await serving;
            await rig.EndedAsync();
        }
    }

    private static async Task ServeAsync(TcpDestination destination, int count)
    {
        var all = new List<Task>();
        for (var i = 0; i < count; i++)
        {
            var socket = await destination.AcceptedAsync();
            all.Add(Task.Run(async () =>
            {
                var seed = BitConverter.ToInt32(await socket.ReadExactlyAsync(sizeof(int)));
                await new Plan(seed).RunServerAsync(socket);
            }));
        }

        await Task.WhenAll(all);
    }

    /// <summary>What both ends of one connection do, drawn from its number.</summary>
    private sealed class Plan
    {
        private readonly int _seed;
        private readonly int _kind;
        private readonly byte[] _up;
        private readonly byte[] _down;

        public Plan(int seed)
        {
            _seed = seed;
            var random = new Random(seed);
            _kind = random.Next(8);
            _up = Body(random);
            _down = Body(random);
        }

        public async Task RunClientAsync(Socket socket)
        {
            await socket.SendAllAsync(BitConverter.GetBytes(_seed));
            await RunAsync(socket, _up, _down, resets: _kind == 6, closesAfterReading: _kind is 1 or 3);
        }

        public async Task RunServerAsync(Socket socket) =>
            await RunAsync(socket, _down, _up, resets: _kind == 7, closesAfterReading: _kind is 2 or 4);

        private async Task RunAsync(Socket socket, byte[] send, byte[] expect, bool resets, bool closesAfterReading)
        {
            var otherResets = _kind is 6 or 7 && !resets;
            if (resets)
            {
                await socket.SendAllAsync(send.AsMemory(0, send.Length / 2));
                socket.Close(0);
                return;
            }

            try
            {
                var sending = closesAfterReading ? Task.CompletedTask : SendAsync(socket, send);
                var received = await ReadAsync(socket, otherResets);
                await sending;
                if (closesAfterReading)
                {
                    await SendAsync(socket, send);
                }

                Assert.Equal(expect, received);
                Assert.False(otherResets, "a reset looked like an orderly end");
            }
            catch (SocketException) when (otherResets)
            {
                // What was to come.
            }

            socket.Dispose();
        }

        private async Task SendAsync(Socket socket, byte[] bytes)
        {
            var random = new Random(_seed);
            for (var sent = 0; sent < bytes.Length;)
            {
                var length = Math.Min(bytes.Length - sent, 1 + random.Next(200_000));
                await socket.SendAllAsync(bytes.AsMemory(sent, length));
                sent += length;
                await StallAsync(random);
            }

            socket.Shutdown(SocketShutdown.Send);
        }

        private async Task<byte[]> ReadAsync(Socket socket, bool otherResets)
        {
            var random = new Random(~_seed);
            using var all = new MemoryStream();
            var buffer = new byte[1 + random.Next(100_000)];
            while (await socket.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(60)) is var length and > 0)
            {
                all.Write(buffer, 0, length);
                if (!otherResets)
                {
                    await StallAsync(random);
                }
            }

            return all.ToArray();
        }

        private static async Task StallAsync(Random random)
        {
            if (random.Next(10) == 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(5)), TimeProvider.System);
            }
        }

        // Mostly small, some large enough to be spliced.
        private static byte[] Body(Random random)
        {
            var bytes = new byte[random.Next(4) == 0 ? random.Next(LargestBody) : random.Next(5000)];
            random.NextBytes(bytes);
            return bytes;
        }
    }
}

public class SocketRelayFaultTests() : RelayFaultTests("sockets");

public class LoopRelayFaultTests() : RelayFaultTests("auto");
