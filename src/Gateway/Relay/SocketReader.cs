using System.Net.Sockets;

namespace Gateway.Relay;

/// <summary>Receives from a .NET socket until that ends, or until it is told to take what has come by then for all there is. Used
/// by one at a time.</summary>
/// <param name="socket">The socket.</param>
/// <param name="stop">Fires when what has come is to be all.</param>
internal sealed class SocketReader(Socket socket, CancellationToken stop = default)
{
    private const long Everything = long.MaxValue;

    private long _left = Everything;

    /// <summary>Receives; 0 is the end, and for an empty buffer that there is something. Throws what the socket throws.</summary>
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellation = default)
    {
        if (_left == Everything && !stop.IsCancellationRequested)
        {
            try
            {
                return await socket.ReceiveAsync(buffer, SocketFlags.None, cancellation.CanBeCanceled ? cancellation : stop);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // Told to stop while there was nothing.
            }
        }

        if (_left == Everything)
        {
            _left = socket.Available;
        }

        if (_left == 0)
        {
            return 0;
        }

        var received = await socket.ReceiveAsync(buffer[..(int)Math.Min(buffer.Length, _left)], SocketFlags.None, cancellation);
        _left -= received;
        return received;
    }
}
