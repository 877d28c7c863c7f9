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

    private byte[]? _received;
    private byte[]? _sending;
    private int _end;

    public UpstreamTarget Target { get; } = target;

    /// <summary>Bytes received and not yet used, and the head being read.</summary>
    public byte[] Received => _received ??= ExchangeBuffers.Take();

    /// <summary>Bytes being put together to be sent.</summary>
    public byte[] Sending => _sending ??= ExchangeBuffers.Take();

    /// <summary>Bytes of the buffers it holds: none while it rests.</summary>
    public int Held => (_received?.Length ?? 0) + (_sending?.Length ?? 0);

    public ResponseHead Head { get; } = new();

    public ChunkedBody Chunks { get; } = new();

    /// <summary>The client that is to take what came before more is received: then it is the client that does not move. Null while none is
    /// waited for.</summary>
    public IExchangeClient? WaitsFor { get; set; }

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
    /// <param name="isRough">Whether what has come in the last moment need not be known.</param>
    public abstract bool IsQuiet(bool isRough);

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
        _received = larger;
    }

    /// <summary>Makes room for a request head of this size.</summary>
    public void GrowSending(int used)
    {
        var larger = GC.AllocateUninitializedArray<byte>(Sending.Length * 2, pinned: true);
        Sending.AsSpan(0, used).CopyTo(larger);
        _sending = larger;
    }

    /// <summary>Whether, now that it is closed and nobody uses it, nothing can touch its buffers any more.</summary>
    public abstract bool IsStill { get; }

    /// <summary>Gives the buffers back; nothing is in progress, and nothing of what was received is needed any more.</summary>
    public void ReleaseBuffers()
    {
        ReleaseSending();
        if (_received is { } received)
        {
            _received = null;
            ExchangeBuffers.Return(received);
        }
    }

    /// <summary>Gives back the buffer of what is sent.</summary>
    public void ReleaseSending()
    {
        if (_sending is { } sending)
        {
            _sending = null;
            ExchangeBuffers.Return(sending);
        }
    }

    protected abstract void CloseSocket();

    /// <summary>What an operation on a closed connection throws.</summary>
    protected static SocketException Aborted() => new((int)SocketError.OperationAborted);
}
