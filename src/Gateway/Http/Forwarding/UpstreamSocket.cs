using System.Net.Sockets;
using Gateway.EventLoop;

namespace Gateway.Http.Forwarding;

/// <summary>The socket of a <see cref="LoopUpstream"/>; used on its loop's thread, but for <see cref="Touch"/>.</summary>
/// <remarks>
/// Registered once, edge-triggered: readiness is remembered until a call says that it is used up. A read of less than
/// was asked for is all there was, unless the other side has hung up. Every call is tried first, and waited for only when
/// the kernel says that it would block.
/// </remarks>
internal sealed class UpstreamSocket(Loop loop, int fd, LoopUpstream upstream) : LoopSocket(loop, fd)
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

    public ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        var received = TryReceive(buffer.Span);
        if (received >= 0)
        {
            return ValueTask.FromResult(received);
        }

        _into = buffer;
        return ReadableAsync();
    }

    /// <summary>Waits until there is something to receive, and receives it if there is anything to receive it into.</summary>
    public ValueTask<int> ReadableAsync()
    {
        if (_isReadable)
        {
            Loop.Defer(this);
        }

        return _receiving.WaitAsync();
    }

    /// <summary>Receives what there is; -1 when there is nothing, or when it is the turn of others.</summary>
    public int TryReceive(Span<byte> buffer) => MayReceive(cost: 1) ? Receive(buffer) : -1;

    /// <summary>Moves what there is into an empty pipe; 0 when reading is to tell why nothing can be moved, -1 when there is nothing, or
    /// when it is the turn of others.</summary>
    public unsafe int TryReceiveInto(Pipe pipe, long wanted)
    {
        if (!MayReceive(cost: ReadsPerRound / 2))
        {
            return -1;
        }

        var length = (int)Libc.Splice(
            Fd, null, pipe.WriteEnd, null, (nint)Math.Min(wanted, pipe.Size), Libc.SpliceMoveNonBlocking);
        if (length > 0)
        {
            pipe.Length = length;
            _moved = Loop.Now;
            upstream.Target.State?.CountReceived(length);
            return length;
        }

        if (length < 0 && Libc.Errno is Libc.ErrorAgain or Libc.ErrorInterrupted)
        {
            _isReadable = _isHungUp;
            return _isHungUp ? 0 : -1;
        }

        return 0;
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
        _limit = limit;
        _ifDue = ifDue;
        _moved = Loop.Now;
        Loop.Schedule(this, limit);
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
        else
        {
            upstream.Close(_ifDue);
        }
    }

    internal override void OnFault() => upstream.Close(UpstreamEnd.Done);

    private bool MayReceive(int cost)
    {
        if (IsClosed)
        {
            throw new SocketException((int)SocketError.OperationAborted);
        }

        if (_round != Loop.Round)
        {
            (_round, _reads) = (Loop.Round, 0);
        }

        if (!_isReadable || _reads >= ReadsPerRound)
        {
            return false;
        }

        _reads += cost;
        return true;
    }

    private unsafe bool HasNothingToRead()
    {
        byte one;
        return Libc.Receive(Fd, &one, 1, Libc.MessagePeek | Libc.MessageDoNotWait) < 0 && Libc.Errno == Libc.ErrorAgain;
    }

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

    private void ReceiveForWaiting()
    {
        if (_into.IsEmpty)
        {
            _receiving.TryComplete(0);
            return;
        }

        int received;
        try
        {
            received = Receive(_into.Span);
        }
        catch (SocketException e)
        {
            _into = default;
            _receiving.TryFail(e.SocketErrorCode);
            return;
        }

        if (received >= 0)
        {
            _into = default;
            _receiving.TryComplete(received);
        }
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

    /// <summary>Receives what there is; -1 when there is nothing yet.</summary>
    private unsafe int Receive(Span<byte> buffer)
    {
        nint received;
        fixed (byte* start = buffer)
        {
            received = Libc.Receive(Fd, start, buffer.Length, 0);
        }

        if (received < 0)
        {
            if (Libc.Errno is Libc.ErrorAgain or Libc.ErrorInterrupted)
            {
                _isReadable = _isHungUp;
                return -1;
            }

            throw new SocketException((int)SocketError.ConnectionReset);
        }

        _isReadable = _isHungUp || received == buffer.Length;
        _moved = Loop.Now;
        upstream.Target.State?.CountReceived(received);
        return (int)received;
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
