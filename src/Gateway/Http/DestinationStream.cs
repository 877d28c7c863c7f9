using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Gateway.Clusters;

namespace Gateway.Http;

/// <summary>A connection to a destination that counts its bytes both ways, heads and TLS records included.</summary>
/// <param name="socket">The connection.</param>
/// <param name="users">The destinations whose requests may be on it. Which one a byte is of cannot be told, so all are
/// counted for the first.</param>
/// <param name="closed">Called when it is closed.</param>
internal sealed class DestinationStream(Socket socket, DestinationState[] users, Action<DestinationStream> closed)
    : NetworkStream(socket, ownsSocket: true)
{
    private readonly DestinationState? _state = users.FirstOrDefault();

    /// <summary>Whether something is in progress at one of those whose requests may be on it, also at one that has left
    /// the configuration since.</summary>
    public bool MayBeInUse => users.Any(user => user.Active > 0);

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
        _state?.CountSent(buffer.Length);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Counted when handed over: a write that fails ends the connection, and the difference does not matter.
        _state?.CountSent(buffer.Length);
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
            _state?.CountReceived(bytes);
        }

        return bytes;
    }
}
