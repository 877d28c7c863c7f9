using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Http.Transport;

/// <summary>A connection of a client as Kestrel sees it; the bytes are moved by <see cref="ClientSocket"/>.</summary>
internal sealed class ClientConnection : FeaturedConnection, IConnectionLifetimeNotificationFeature, IMemoryPoolFeature
{
    // Who ends it: Kestrel, unless it is taken away from it before it was served.
    private const int Kestrels = 0;
    private const int Left = 1;
    private const int Served = 2;

    private static long _count;

    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly ClientSocket _socket;
    private readonly Ends _ends;
    private volatile bool _isDisposed;
    private int _standing;

    public ClientConnection(
        ClientListener listener, LoopPlace place, int fd, IPEndPoint remote, IPEndPoint local, PipeOptions input, PipeOptions output)
    {
        Listener = listener;
        ConnectionId = string.Create(CultureInfo.InvariantCulture, $"L{Interlocked.Increment(ref _count):X}");
        var received = new Pipe(input);
        var sent = new Pipe(output);
        Transport = _ends = new Ends(received.Reader, sent.Writer);
        Client = new LoopClient(place);
        RemoteEndPoint = remote;
        LocalEndPoint = local;
        MemoryPool = input.Pool;
        _socket = new ClientSocket(place.Loop, fd, this, received.Writer, sent.Reader);
        Client.Socket = _socket;
    }

    public override string ConnectionId { get; set; }

    /// <summary>Where it came.</summary>
    public ClientListener Listener { get; }

    /// <summary>Whether Kestrel has let go of it, and <see cref="EndAsync"/> is called by who serves it.</summary>
    public bool IsLeft => Volatile.Read(ref _standing) == Left;

    public override IDuplexPipe Transport { get; set; }

    /// <summary>Where its buffers come from.</summary>
    public MemoryPool<byte> MemoryPool { get; }

    /// <summary>What requests may know of its loop.</summary>
    public LoopClient Client { get; }

    /// <summary>Whether nobody has put anything between its socket and who serves it.</summary>
    public bool IsBare => ReferenceEquals(Transport, _ends);

    /// <summary>Fires when it is to end with its request in progress, or at once when it has none. Kestrel puts its own in this
    /// one's place.</summary>
    public CancellationToken ConnectionClosedRequested
    {
        get => _ending.Token;
        set => throw new NotSupportedException("The token of a connection is its own.");
    }

    public void RequestClose() => _ending.Cancel();

    /// <summary>Has Kestrel let go of it; false when it has already, or when the connection was served and Kestrel is about to end
    /// it.</summary>
    public bool TryLeave() => Interlocked.CompareExchange(ref _standing, Left, Kestrels) == Kestrels;

    /// <summary>It was served; true when Kestrel has let go of it, and so does not end it.</summary>
    public bool TellServed() => Interlocked.CompareExchange(ref _standing, Served, Kestrels) == Left;

    /// <summary>Begins to move bytes; on the loop's thread. False when the kernel cannot watch the socket.</summary>
    /// <param name="isWatched">Whether it does already.</param>
    /// <param name="received">What comes before the socket's own bytes.</param>
    public bool TryStart(bool isWatched, ReadOnlySpan<byte> received)
    {
        ConnectionClosed = _closed.Token;
        return _socket.TryStart(isWatched, received);
    }

    /// <summary>Closes it when what was written is sent; on the loop's thread, and only while nobody serves it.</summary>
    public void End()
    {
        Transport.Input.Complete();
        Transport.Output.Complete();
    }

    /// <summary>Tells whoever serves it that nothing more will come; on the loop's thread.</summary>
    public void TellClosed()
    {
        Client.Gone();

        if (!_isDisposed)
        {
            // Whoever registered may do anything, which must not hold up a loop. When it is Kestrel that has ended it, nobody is
            // left to be told.
            ThreadPool.UnsafeQueueUserWorkItem(static closed => closed.Cancel(), _closed, preferLocal: false);
        }
    }

    public override void Abort(ConnectionAbortedException abortReason) => _socket.Abort();

    public override async ValueTask DisposeAsync()
    {
        if (!TellServed())
        {
            await EndAsync();
        }

        await base.DisposeAsync();
    }

    /// <summary>Closes it when what was written is sent.</summary>
    public async ValueTask EndAsync()
    {
        _isDisposed = true;
        await Transport.Input.CompleteAsync();
        await Transport.Output.CompleteAsync();
        if (!_socket.Ended.IsCompleted)
        {
            Client.Loop.Post(_socket.JudgeFromNow);
        }

        await _socket.Ended;
    }

    protected override object? Own(Type type) =>
        type == typeof(LoopClient) ? Client
        : type == typeof(IConnectionLifetimeNotificationFeature) || type == typeof(IMemoryPoolFeature) ? this
        : base.Own(type);

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
