using System.IO.Pipelines;
using Gateway.EventLoop;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Http.Transport;

/// <summary>Moves the bytes of one client's connection between its socket and Kestrel's pipes; on the loop's thread, but for
/// <see cref="ClientOutlet.Abort"/>.</summary>
/// <remarks>
/// Registered once, edge-triggered. What is received is given to Kestrel within the same call, so that a request is parsed,
/// forwarded and mostly answered without leaving the thread. Nothing is received while Kestrel has more than it wants;
/// nothing is taken from Kestrel while the client does not take it.
/// </remarks>
internal sealed partial class ClientSocket(Loop loop, int fd, ClientConnection connection, PipeWriter input, PipeReader output)
    : ClientOutlet(loop, fd)
{
    // Small enough for a block of the pool; a request seldom has more.
    private const int SmallRead = 2048;
    private const int LargeRead = 32 * 1024;

    // Without it the kernel takes megabytes for a client that is slow, and says that there is room again when a third of them is
    // free: a minute, in which it looks to Kestrel as if the client took nothing.
    private const int MostUnsent = 64 * 1024;

    private readonly LoopSignal _rested = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ValueTask<FlushResult> _flushing;
    private Action? _flushed;
    private long _toDrop;
    private int _nextRead = SmallRead;
    private bool _isResting;
    private bool _isReadable;
    private bool _isHungUp;
    private bool _isPaused;
    private bool _isInputEnded;
    private bool _isInputCompleted;
    private bool _isAborted;

    /// <summary>Ends when the socket is closed and neither pipe is touched any more.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Whether the client gets the bytes that are written, as they are: there is no TLS, nor anything else between.</summary>
    public bool IsBare => connection.IsBare;

    protected override MinDataRate? SlowestRate => connection.Client.SlowestRate;

    /// <summary>Begins to move bytes. False when the kernel cannot watch the socket, which is closed then.</summary>
    /// <param name="isWatched">Whether it does already.</param>
    /// <param name="received">What comes before the socket's own bytes.</param>
    public bool TryStart(bool isWatched, ReadOnlySpan<byte> received)
    {
        if ((isWatched ? Loop.Take(this, Events) : Loop.Add(this, Events)) != 0)
        {
            Close(reset: true);
            _ended.TrySetResult();
            return false;
        }

        _ = Libc.SetOption(Fd, Libc.LevelTcp, Libc.TcpNotSentLowWater, MostUnsent);
        _ = SendAllAsync();
        if (!received.IsEmpty)
        {
            System.Buffers.BuffersExtensions.Write(input, received);
            FlushInput();
        }

        return true;
    }

    public override void Watch()
    {
        // It is watched all its life.
    }

    internal override void OnReady(uint events)
    {
        if ((events & ~Libc.EpollOut) != 0)
        {
            _isReadable = true;
            _isHungUp |= (events & ~(Libc.EpollIn | Libc.EpollOut)) != 0;
        }

        if ((events & Libc.EpollOut) != 0)
        {
            TellWritable();
        }

        if (_isReadable && !_isPaused)
        {
            ReceiveAll();
        }
    }

    internal override void OnDeferred()
    {
        if (_isResting)
        {
            _rested.TryComplete(0);
        }

        if (!_isPaused)
        {
            ReceiveAll();
        }
    }

    internal override void OnDue() => JudgePatience();

    internal override void OnFault() => AbortNow();

    protected override void AbortNow()
    {
        _isAborted = true;
        Close(reset: true);
        output.CancelPendingRead();
        TellGone();
        EndInput(new ConnectionAbortedException());
    }

    private void Close(bool reset)
    {
        if (IsClosed)
        {
            return;
        }

        if (reset)
        {
            Libc.ResetAtClose(Fd);
        }

        CloseSocket();
    }
}
