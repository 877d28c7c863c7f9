using System.Net.Sockets;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <summary>What the two ends of a connection do to each other.</summary>
internal enum Fault
{
    None,
    ClientClosesFirst,
    DestinationClosesFirst,
    SlowClient,
    SlowDestination,
    ClientResets,
    DestinationResets,
}

/// <summary>
/// One connection whose two ends send each other bodies of random size, with stalls and one fault, all drawn from its
/// number. Each end knows what the other sends and compares every byte.
/// </summary>
internal sealed class FaultyConnection
{
    private const int SmallBody = 5_000;
    private const int LargeBody = 1_500_000;

    // More than the buffers of all sockets in between hold, so that the relay has to keep some.
    private const int SlowBody = 12_000_000;

    private const int SlowRead = 64 * 1024;
    private const int MostReads = 500;

    private static readonly byte[] _bytes = RandomBytes();
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    private readonly int _seed;
    private readonly ReadOnlyMemory<byte> _up;
    private readonly ReadOnlyMemory<byte> _down;

    public FaultyConnection(int seed)
    {
        _seed = seed;
        var random = new Random(seed);
        Fault = random.Next(1000) switch
        {
            < 4 => Fault.SlowClient,
            < 8 => Fault.SlowDestination,
            < 250 => Fault.ClientClosesFirst,
            < 500 => Fault.DestinationClosesFirst,
            < 600 => Fault.ClientResets,
            < 700 => Fault.DestinationResets,
            _ => Fault.None,
        };
        _up = Body(random, Fault == Fault.SlowDestination);
        _down = Body(random, Fault == Fault.SlowClient);
    }

    public Fault Fault { get; }

    /// <summary>The client's end: says which connection it is, and does its part.</summary>
    public async Task RunClientAsync(Socket socket)
    {
        try
        {
            await socket.SendAllAsync(BitConverter.GetBytes(_seed));
            await RunAsync(
                socket, _up, _down, Fault.ClientResets, closesLast: Fault.DestinationClosesFirst, isSlow: Fault.SlowClient);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"The client of connection {_seed} ({Fault}): {e.Message}", e);
        }
    }

    /// <summary>The destination's end, of whatever connection the client says it is.</summary>
    public static async Task RunDestinationAsync(Socket socket)
    {
        var seed = BitConverter.ToInt32(await socket.ReadExactlyAsync(sizeof(int)));
        var connection = new FaultyConnection(seed);
        try
        {
            await connection.RunAsync(
                socket, connection._down, connection._up, Fault.DestinationResets, closesLast: Fault.ClientClosesFirst,
                isSlow: Fault.SlowDestination);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"The destination of connection {seed} ({connection.Fault}): {e.Message}", e);
        }
    }

    private async Task RunAsync(
        Socket socket, ReadOnlyMemory<byte> send, ReadOnlyMemory<byte> expect, Fault resets, Fault closesLast, Fault isSlow)
    {
        if (Fault == resets)
        {
            await socket.SendAllAsync(send[..(send.Length / 2)]);
            socket.Close(0);
            return;
        }

        var otherResets = Fault is Fault.ClientResets or Fault.DestinationResets;
        try
        {
            var sending = Fault == closesLast ? Task.CompletedTask : SendAsync(socket, send);
            var received = await ReadAsync(socket, expect, otherResets, Fault == isSlow);
            await sending;
            if (Fault == closesLast)
            {
                await SendAsync(socket, send);
            }

            Assert.False(otherResets, "a reset looked like an orderly end");
            Assert.Equal(expect.Length, received);
        }
        catch (SocketException) when (otherResets)
        {
            // What was to come.
        }

        socket.Dispose();
    }

    private async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        var random = new Random(_seed);
        while (!bytes.IsEmpty)
        {
            var length = Math.Min(bytes.Length, 1 + random.Next(200_000));
            await socket.SendAllAsync(bytes[..length]);
            bytes = bytes[length..];
            await StallAsync(random, 10);
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Reads to the end and compares; returns how much came.</summary>
    private async Task<int> ReadAsync(Socket socket, ReadOnlyMemory<byte> expect, bool isToBeReset, bool isSlow)
    {
        var random = new Random(~_seed);
        var buffer = new byte[isSlow ? SlowRead : 1 + (expect.Length / MostReads) + random.Next(Math.Min(100_000, expect.Length))];
        var received = 0;
        while (await socket.ReceiveAsync(buffer).WaitAsync(_deadline) is var length and > 0)
        {
            Assert.True(received + length <= expect.Length, $"more than the {expect.Length} bytes that were sent came");
            Assert.True(
                buffer.AsSpan(0, length).SequenceEqual(expect.Span.Slice(received, length)),
                $"bytes between {received} and {received + length} are not those that were sent");
            received += length;
            if (!isToBeReset)
            {
                await StallAsync(random, isSlow ? 2 : 10);
            }
        }

        return received;
    }

    private static async Task StallAsync(Random random, int oneOf)
    {
        if (random.Next(oneOf) == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(5)), TimeProvider.System);
        }
    }

    /// <summary>Mostly small, some large enough to be spliced.</summary>
    private static ReadOnlyMemory<byte> Body(Random random, bool isForSlow)
    {
        var length = isForSlow ? SlowBody
            : random.Next(25) == 0 ? 1 + random.Next(LargeBody)
            : 1 + random.Next(SmallBody);
        return _bytes.AsMemory(random.Next(_bytes.Length - length), length);
    }

    private static byte[] RandomBytes()
    {
        var bytes = new byte[SlowBody + LargeBody + 1];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
