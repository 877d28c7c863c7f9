using System.Net.Sockets;

namespace Gateway.Http.Forwarding;

/// <summary>A connection to a destination, on which one exchange after the other takes place. Sending and receiving may
/// be in progress at once, each once.</summary>
internal abstract class Upstream(UpstreamTarget target) : IDisposable
{
    /// <summary>Time to connect; three tries fit into the patience of a person.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Below the keep-alive limit of common servers, 5 s: a POST on a connection that the server is closing
    /// cannot be repeated.</summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(4);

    public const int BufferSize = 16 * 1024;

    private int _end;

    public UpstreamTarget Target { get; } = target;

    /// <summary>Bytes received and not yet used, and the head being read.</summary>
    public byte[] Received { get; private set; } = GC.AllocateUninitializedArray<byte>(BufferSize, pinned: true);

    /// <summary>Bytes being put together to be sent.</summary>
    public byte[] Sending { get; private set; } = GC.AllocateUninitializedArray<byte>(BufferSize, pinned: true);

    public ResponseHead Head { get; } = new();

    public ChunkedBody Chunks { get; } = new();

    /// <summary>Exchanges that were completed on it.</summary>
    public int Exchanges { get; set; }

    /// <summary>Where it stands among the idle ones of its pool; -1 when it does not.</summary>
    public int IdleIndex { get; set; } = -1;

    /// <summary>The pool it belongs to.</summary>
    public required UpstreamPool Pool { get; init; }

    /// <summary>Why it was closed from this side.</summary>
    public UpstreamEnd End => (UpstreamEnd)Volatile.Read(ref _end);

    /// <summary>Whether it is open and the destination has sent nothing: what comes before a request is asked can only be
    /// an end, or an answer to somebody else's.</summary>
    public abstract bool IsQuiet { get; }

    /// <summary>Receives some bytes; 0 is the end of the stream.</summary>
    /// <exception cref="SocketException">The connection is broken, or <see cref="Close"/> was called.</exception>
    public abstract ValueTask<int> ReceiveAsync(Memory<byte> buffer);

    /// <summary>Sends all bytes.</summary>
    /// <exception cref="SocketException">The connection is broken, or <see cref="Close"/> was called.</exception>
    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>Begins an exchange, which is ended if nothing moves for this long.</summary>
    public abstract void Begin(TimeSpan activityTimeout);

    /// <summary>Something moved that this connection does not see: bytes of the client.</summary>
    public abstract void Touch();

    /// <summary>Begins to wait for the next exchange.</summary>
    public abstract void Rest();

    /// <summary>Closes it, and ends what is in progress on it; from any thread. Only the first reason counts.</summary>
    public void Close(UpstreamEnd end)
    {
        if (Interlocked.CompareExchange(ref _end, (int)end, (int)UpstreamEnd.None) == (int)UpstreamEnd.None)
        {
            Pool.Forget(this);
            CloseSocket();
        }
    }

    public void Dispose() => Close(UpstreamEnd.Done);

    /// <summary>Makes room for more of a head that does not fit.</summary>
    public void GrowReceived()
    {
        var larger = GC.AllocateUninitializedArray<byte>(Received.Length * 2, pinned: true);
        Received.CopyTo(larger, 0);
        Received = larger;
    }

    /// <summary>Makes room for a request head of this size.</summary>
    public void GrowSending(int used)
    {
        var larger = GC.AllocateUninitializedArray<byte>(Sending.Length * 2, pinned: true);
        Sending.AsSpan(0, used).CopyTo(larger);
        Sending = larger;
    }

    /// <summary>Gives memory back that an unusually large head took.</summary>
    public void ShrinkBuffers()
    {
        if (Received.Length > BufferSize)
        {
            Received = GC.AllocateUninitializedArray<byte>(BufferSize, pinned: true);
        }

        if (Sending.Length > BufferSize)
        {
            Sending = GC.AllocateUninitializedArray<byte>(BufferSize, pinned: true);
        }
    }

    protected abstract void CloseSocket();

    /// <summary>What an operation on a closed connection throws.</summary>
    protected static SocketException Aborted() => new((int)SocketError.OperationAborted);
}
