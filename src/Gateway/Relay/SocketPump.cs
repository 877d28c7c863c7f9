using System.Buffers;
using System.Net.Sockets;

namespace Gateway.Relay;

/// <summary>How one direction of a relayed connection ended.</summary>
internal enum PumpEnd
{
    /// <summary>The source closed its half; it is the caller's to close the target's.</summary>
    Finished,

    /// <summary>The source broke.</summary>
    SourceBroken,

    /// <summary>The target broke.</summary>
    TargetBroken,
}

/// <summary>Moves bytes from one socket to another until one of them ends.</summary>
internal static class SocketPump
{
    // Bulk gains little from more, and the pool hands out power-of-two arrays.
    private const int BufferSize = 64 * 1024;

    /// <summary>
    /// Runs until the source ends. A slow target holds back the source: nothing is read before the last piece was
    /// sent. No buffer is held while the source is silent.
    /// </summary>
    public static async Task<PumpEnd> RunAsync(SocketReader source, Socket target, Action<int> moved)
    {
        while (true)
        {
            int length;
            var buffer = Array.Empty<byte>();
            try
            {
                await source.ReceiveAsync(Memory<byte>.Empty);
                buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
                length = await source.ReceiveAsync(buffer);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                Return(buffer);
                return PumpEnd.SourceBroken;
            }

            if (length == 0)
            {
                Return(buffer);
                return PumpEnd.Finished;
            }

            try
            {
                await SendAllAsync(target, buffer.AsMemory(0, length));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return PumpEnd.TargetBroken;
            }
            finally
            {
                Return(buffer);
            }

            moved(length);
        }
    }

    /// <summary>Sends everything; throws what the socket throws.</summary>
    public static async ValueTask SendAllAsync(Socket target, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await target.SendAsync(bytes, SocketFlags.None)..];
        }
    }

    private static void Return(byte[] buffer)
    {
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
