using System.Buffers;
using System.Net.Sockets;

namespace Gateway.Relay.Tls;

/// <summary>Moves plain bytes from one side to the other.</summary>
internal static class TlsPump
{
    // What one record of TLS holds.
    private const int BufferSize = 16 * 1024;

    /// <summary>Runs until the source ends, in order or cut off. A slow target holds back the source.</summary>
    public static async Task<PumpEnd> RunAsync(TlsSide source, TlsSide target, Action<int> moved)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        var broken = PumpEnd.SourceBroken;
        try
        {
            while (await source.ReadAsync(buffer) is var length and > 0)
            {
                broken = PumpEnd.TargetBroken;
                await target.WriteAsync(buffer.AsMemory(0, length));
                broken = PumpEnd.SourceBroken;
                moved(length);
            }

            return PumpEnd.Finished;
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            return broken;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
