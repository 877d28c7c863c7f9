using System.Net.Sockets;
using Gateway.EventLoop;

namespace Gateway.Http.Forwarding;

/// <summary>The socket of a <see cref="LoopUpstream"/>; used on its loop's thread, but for <see cref="Touch"/>.</summary>
/// <remarks>
/// Registered once, edge-triggered: readiness is remembered until a call says that it is used up. A read of less than
/// was asked for is all there was, unless the other side has hung up. Every call is tried first, and waited for only when
/// the kernel says that it would block.
/// </remarks>
internal sealed partial class UpstreamSocket(Loop loop, int fd, LoopUpstream upstream) : LoopSocket(loop, fd)
{
    // Others get their turn when a destination never stops sending.
    private const int ReadsPerRound = 8;

    // An idle connection is not closed by its destination as soon as this.
    private static readonly TimeSpan _shortRest = TimeSpan.FromSeconds(1);

    private readonly LoopSignal _receiving = new();
    private readonly LoopSignal _sending = new();
    private Memory<byte> _into;
    private ReadOnlyMemory<byte> _unsent;
    private TimeSpan _limit;
    private UpstreamEnd _ifDue;
    private long _moved;
    private long _round;
    private int _reads;
    private bool _isConnecting;
    private bool _isReadable;
    private bool _isHungUp;

    /// <summary>Whether it is open and nothing has come. What comes to a connection that rests is an event; so where it need not be
    /// known what has come since this round began, the kernel is not asked.</summary>
    public bool IsQuiet(bool isRough) =>
        !IsClosed
        && !_isHungUp
        && ((isRough && !_isReadable && Loop.Elapsed(Volatile.Read(ref _moved)) < _shortRest && !Loop.HasEventAhead(this)) || HasNothingToRead());

    /// <summary>Waits until the connection stands; returns 0, or the error.</summary>
    public async ValueTask<int> ConnectAsync(bool isConnected, TimeSpan limit)
    {
        const uint Events = Libc.EpollIn | Libc.EpollOut | Libc.EpollReadHangup | Libc.EpollEdge;
        _isConnecting = !isConnected;
        if (Loop.Add(this, Events) is not 0 and var error)
        {
            return error;
        }

        if (isConnected)
        {
            return 0;
        }

        Watch(limit, UpstreamEnd.ConnectTimeout);
        try
        {
            return await _sending.WaitAsync();
        }
        catch (SocketException) when (upstream.End == UpstreamEnd.ConnectTimeout)
        {
            return Libc.ErrorTimedOut;
        }
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        if (IsClosed)
        {
            throw new SocketException((int)SocketError.OperationAborted);
        }

        var sent = Send(bytes.Span);
        if (sent == bytes.Length)
        {
            return ValueTask.CompletedTask;
        }

        _unsent = bytes[sent..];
        return _sending.WaitForCompletionAsync();
    }

    /// <summary>From now on closes the connection when nothing moves for this long.</summary>
    public void Watch(TimeSpan limit, UpstreamEnd ifDue)
    {
        if (IsClosed)
        {
            // A timer would keep it, and its buffers, for as long as the limit.
            return;
        }

        _limit = limit;
        _ifDue = ifDue;
        _moved = Loop.Now;
        Loop.ScheduleNoLater(this, limit);
    }

    public void Touch() => Volatile.Write(ref _moved, Loop.Now);

    public void Close()
    {
        CloseSocket();
        _into = default;
        _unsent = default;
        _receiving.TryFail(SocketError.OperationAborted);
        _sending.TryFail(SocketError.OperationAborted);
    }

    internal override void OnReady(uint events)
    {
        if ((events & ~Libc.EpollOut) != 0)
        {
            _isReadable = true;
            _isHungUp |= (events & ~(Libc.EpollIn | Libc.EpollOut)) != 0;
        }

        if (_isConnecting)
        {
            OnConnected(events);
            return;
        }

        if ((events & Libc.EpollOut) != 0 && _sending.IsWaiting)
        {
            SendRest();
        }

        if (IsClosed || !_isReadable)
        {
            return;
        }

        if (_receiving.IsWaiting)
        {
            ReceiveForWaiting();
        }
        else if (!_isHungUp && HasNothingToRead())
        {
            // What this event tells of was taken by one before it in the same round: the rest of a long answer, whose client had become
            // writable.
            _isReadable = false;
        }
        else
        {
            // Nobody asked for anything: an end, or an answer to a question that was not put.
            upstream.CloseIdle();
        }
    }

    internal override void OnDeferred()
    {
        if (_isReadable && _receiving.IsWaiting)
        {
            ReceiveForWaiting();
        }
    }

    internal override void OnDue()
    {
        var still = _limit - Loop.Elapsed(Volatile.Read(ref _moved));
        if (still > TimeSpan.Zero)
        {
            Loop.Schedule(this, still);
        }
        else if (_ifDue == UpstreamEnd.Done)
        {
            upstream.CloseIdle();
        }
        else if (upstream.WaitsFor is not { } client)
        {
            upstream.Close(_ifDue);
        }
        else if (client.HasTakenSome())
        {
            // More is received only when there is room for a lot.
            Watch(_limit, _ifDue);
        }
        else
        {
            client.CutOff();
            upstream.Close(UpstreamEnd.ClientGone);
        }
    }

    internal override void OnFault() => upstream.Close(UpstreamEnd.Done);

    private void OnConnected(uint events)
    {
        var error = (events & (Libc.EpollError | Libc.EpollHangup)) != 0 ? Libc.TakeError(Fd) : 0;
        if (error == 0 && (events & Libc.EpollOut) == 0)
        {
            return;
        }

        _isConnecting = false;
        Loop.Cancel(this);
        _sending.TryComplete(error);
    }

    private void SendRest()
    {
        try
        {
            _unsent = _unsent[Send(_unsent.Span)..];
        }
        catch (SocketException e)
        {
            _unsent = default;
            _sending.TryFail(e.SocketErrorCode);
            return;
        }

        if (_unsent.IsEmpty)
        {
            _sending.TryComplete(0);
        }
    }

    /// <summary>Sends as much as is taken at once.</summary>
    private unsafe int Send(ReadOnlySpan<byte> bytes)
    {
        nint sent;
        fixed (byte* start = bytes)
        {
            sent = Libc.Send(Fd, start, bytes.Length, Libc.MessageNoSignal);
        }

        if (sent < 0)
        {
            return Libc.Errno is Libc.ErrorAgain or Libc.ErrorInterrupted
                ? 0
                : throw new SocketException((int)SocketError.ConnectionReset);
        }

        _moved = Loop.Now;
        upstream.Target.State?.CountSent(sent);
        return (int)sent;
    }
}
