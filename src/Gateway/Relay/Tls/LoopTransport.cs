using System.Net.Sockets;

namespace Gateway.Relay.Tls;

/// <summary>A socket on an event loop as a stream. What is asked of it elsewhere goes on on the loop's thread.</summary>
internal sealed class LoopTransport(AwaitedEnd end) : TlsTransport
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await end.Loop.SwitchAsync();
        try
        {
            var read = await end.ReceiveAsync(buffer);
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
        await end.Loop.SwitchAsync();
        try
        {
            await end.SendAsync(buffer);
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    public override async ValueTask FinishWritingAsync()
    {
        await end.Loop.SwitchAsync();
        end.FinishSending();
    }
}
