using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Gateway.Clusters;

namespace Gateway.Http;

/// <summary>A connection to a destination that counts its bytes both ways, heads and TLS records included.</summary>
internal sealed class DestinationStream(Socket socket, DestinationState? state, Action<DestinationStream> closed)
    : NetworkStream(socket, ownsSocket: true)
{
    /// <summary>Ends the connection, so that its client finds it ended; only while no request is on it.</summary>
    public void EndIdle()
    {
        try
        {
            Socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The destination, or the client, was first.
        }
    }

    public override int Read(Span<byte> buffer) => Received(base.Read(buffer));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = base.ReadAsync(buffer, cancellationToken);
        return read.IsCompletedSuccessfully ? ValueTask.FromResult(Received(read.Result)) : AwaitAsync(read);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        base.Write(buffer);
        state?.CountSent(buffer.Length);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Counted when handed over: a write that fails ends the connection, and the difference does not matter.
        state?.CountSent(buffer.Length);
        return base.WriteAsync(buffer, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        closed(this);
        base.Dispose(disposing);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> AwaitAsync(ValueTask<int> read) => Received(await read);

    private int Received(int bytes)
    {
        if (bytes > 0)
        {
            state?.CountReceived(bytes);
        }

        return bytes;
    }
}
