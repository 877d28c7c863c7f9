using System.Net.Sockets;
using Gateway.EventLoop;

namespace Gateway.Http.Forwarding;

/// <content>What comes from the destination.</content>
internal sealed partial class UpstreamSocket
{
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
        if (IsClosed)
        {
            // Whoever waited already was told when it was closed; nothing would end this.
            throw new SocketException((int)SocketError.OperationAborted);
        }

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
}
