using System.Net.Sockets;

namespace Gateway.Relay.Tls;

/// <summary>A .NET socket as a stream, with bytes in front that were read before.</summary>
/// <param name="socket">The socket.</param>
/// <param name="ahead">The bytes in front.</param>
/// <param name="stop">Fires when what has come by then is to be taken for all there is.</param>
internal sealed class SocketTransport(Socket socket, Ahead ahead, CancellationToken stop = default) : TlsTransport
{
    private readonly SocketReader _reader = new(socket, stop);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (ahead.Length > 0)
        {
            var taken = ahead.Take(buffer.Length);
            taken.CopyTo(buffer);
            return taken.Length;
        }

        try
        {
            var read = await _reader.ReceiveAsync(buffer, cancellationToken);
            HasEnded |= read == 0 && buffer.Length > 0;
            return read;
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            while (!buffer.IsEmpty)
            {
                buffer = buffer[await socket.SendAsync(buffer, SocketFlags.None, cancellationToken)..];
            }
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    public override ValueTask FinishWritingAsync()
    {
        socket.Shutdown(SocketShutdown.Send);
        return ValueTask.CompletedTask;
    }
}
