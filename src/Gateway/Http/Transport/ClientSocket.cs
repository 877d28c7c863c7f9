using System.IO.Pipelines;
using System.Net.Sockets;
using Gateway.EventLoop;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Http.Transport;

/// <summary>Moves the bytes of one client's connection between its socket and Kestrel's pipes; on the loop's thread, but for
/// <see cref="Abort"/>.</summary>
/// <remarks>
/// Registered once, edge-triggered; at the beginning, or where most connections have one short request, when there is
/// something to wait for. What is received is given to Kestrel within the same call, so that a request is parsed,
/// forwarded and mostly answered without leaving the thread. Nothing is received while Kestrel has more than it wants;
/// nothing is taken from Kestrel while the client does not take it.
/// </remarks>
internal sealed partial class ClientSocket(Loop loop, int fd, ClientConnection connection, PipeWriter input, PipeReader output)
    : LoopSocket(loop, fd)
{
    private const uint Events = Libc.EpollIn | Libc.EpollOut | Libc.EpollReadHangup | Libc.EpollEdge;

    // Small enough for a block of the pool; a request seldom has more.
    private const int SmallRead = 2048;
    private const int LargeRead = 32 * 1024;

    // Whether the client leaves while its request is in progress is of no interest earlier.
    private static readonly TimeSpan _watchAfter = TimeSpan.FromMilliseconds(50);

    // Others get their turn when a client never stops sending.
    private const int ReadsPerTurn = 16;

    private readonly LoopSignal _writable = new();
    private readonly LoopSignal _rested = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ValueTask<FlushResult> _flushing;
    private Action? _flushed;
    private MinDataRate? _slowest;
    private long _blocked;
    private long _toDrop;
    private int _queued;
    private int _nextRead = SmallRead;
    private bool _isResting;
    private bool _isWatched;
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

    /// <summary>Begins to move bytes. False when the kernel cannot watch the socket, which is closed then.</summary>
    public bool TryStart()
    {
        if (Loop.Add(this, Events) != 0)
        {
            Close(reset: true);
            _ended.TrySetResult();
            return false;
        }

        _isWatched = true;
        _ = SendAllAsync();
        return true;
    }

    /// <summary>Begins with what has come already, and watches the socket from <see cref="Watch"/> on, or soon.</summary>
    /// <remarks>Most of those who open a connection for each request have sent it by the time the connection is accepted, and are
    /// gone before there is anything to wait for.</remarks>
    public void StartWithWhatIsThere()
    {
        _ = SendAllAsync();
        _isReadable = true;
        ReceiveAll();
        if (!_isWatched && !IsClosed)
        {
            Loop.Schedule(this, _watchAfter);
        }
    }

    /// <summary>Watches the socket, which is aborted if the kernel cannot.</summary>
    public void Watch()
    {
        if (_isWatched || IsClosed)
        {
            return;
        }

        _isWatched = true;
        Loop.Cancel(this);
        if (Loop.Add(this, Events) != 0)
        {
            AbortNow();
        }
    }

    /// <summary>Resets the connection; from any thread.</summary>
    public void Abort()
    {
        if (Loop.IsCurrentThread)
        {
            AbortNow();
        }
        else
        {
            Loop.Post(AbortNow);
        }
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
            _writable.TryComplete(0);
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

    internal override void OnDue()
    {
        if (!_isWatched)
        {
            Watch();
        }
        else if (_slowest is { } slowest)
        {
            if (_queued - Libc.Unsent(Fd) >= slowest.BytesPerSecond * Loop.Elapsed(_blocked).TotalSeconds)
            {
                Loop.Schedule(this, slowest.GracePeriod);
            }
            else
            {
                AbortNow();
            }
        }
    }

    internal override void OnFault() => AbortNow();

    private void AbortNow()
    {
        _isAborted = true;
        Close(reset: true);
        output.CancelPendingRead();
        _writable.TryFail(SocketError.OperationAborted);
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
