using Gateway.EventLoop;

namespace Gateway.Relay;

/// <summary>One socket of a relayed connection on a loop, and the direction that reads from it and writes to its
/// peer.</summary>
/// <remarks>
/// Sockets are watched edge-triggered: readiness is remembered until a call says that it is used up. Small
/// reads are copied through the loop's buffer; after some large ones in a row the direction goes over to splice, which
/// leaves the bytes in the kernel, and comes back with a small one. What the peer does not take waits here (copied) or
/// in the pipe (spliced), and nothing more is read until it is gone: that is the back-pressure, and its bound.
/// A read of less than was asked for is usually all there was, which saves asking again. Not with urgent data: Linux ends
/// a read in front of the urgent byte (tcp_recvmsg), and splice does not go past it at all but says that the stream has
/// ended (tcp_splice_read). A stream on which some was seen is therefore copied and read until the kernel says that there
/// is nothing. Urgent data that comes after the event was taken is an event of its own.
/// </remarks>
internal sealed unsafe partial class LoopStream(Loop loop, int fd, LoopConnection connection, bool isClient)
    : LoopEnd(loop, fd, isClient)
{
    // A direction that is never short of bytes must let others in: about a megabyte.
    private const int ReadsPerTurn = 16;

    // Reads of this size are worth two system calls that do not copy; exchanges below are cheaper to copy.
    private const int BulkRead = 16 * 1024;
    private const int SmallSplice = 8 * 1024;
    private const int BulkReadsBeforeSplice = 2;
    private const int NeverSplice = int.MinValue;

    // Most requests fit. More is not held for a destination that may never answer.
    private const int MostAhead = 4 * 1024;

    private HeldBytes _rest;
    private Pipe? _pipe;
    private int _bulkReads;
    private bool _isReadable;
    private bool _isHungUp;
    private bool _isBroken;
    private bool _isReadAhead;
    private bool _hasUrgent;

    /// <summary>The other socket of the connection; null until a destination is being connected to.</summary>
    public LoopStream? Peer { get; set; }

    /// <summary>Whether the source closed its half, after which nothing more is read.</summary>
    public bool IsFinished { get; private set; }

    private bool HasBacklog => _rest.Length > 0 || _pipe is { Length: > 0 };

    /// <summary>Moves bytes to the peer as long as there are some and the peer takes them.</summary>
    public void Pump()
    {
        for (var reads = 0; reads < ReadsPerTurn; reads++)
        {
            if (!TryFlush() || !_isReadable)
            {
                return;
            }

            if (_left == 0)
            {
                Finish();
                return;
            }

            if (!(_bulkReads >= BulkReadsBeforeSplice ? TrySplice() : TryCopy()))
            {
                return;
            }
        }

        Loop.Defer(this);
    }

    /// <summary>Reads what has come before there is a peer, and holds it; true when there was something.</summary>
    public bool TryReadAhead()
    {
        var length = (int)Libc.Receive(Fd, Loop.Buffer, MostAhead, 0);
        if (length < 0 && !IsTemporary(Libc.Errno))
        {
            // The kernel tells it once: who reads again is told of an orderly end.
            connection.OnBroken(this);
            return false;
        }

        if (length <= 0)
        {
            // Nothing yet, or the end: reading again tells.
            return false;
        }

        _isReadAhead = length < MostAhead;
        _rest.Keep(Loop.Buffer, length, ahead: 0);
        return true;
    }

    /// <summary>Moves what is there before anything is known of the socket.</summary>
    public void PumpFirst()
    {
        // Of a client that had to wait it may be known that more has come since.
        _isReadable |= !_isReadAhead;
        Pump();
    }

    /// <summary>Sends the first bytes of the loop's buffer to the peer before anything of the source.</summary>
    public void SendAhead(int length)
    {
        var sent = Peer!.Send(Loop.Buffer, length);
        if (sent < 0 && !IsTemporary(Libc.Errno))
        {
            connection.OnBroken(Peer);
            return;
        }

        sent = Math.Max(sent, 0);
        if (sent < length)
        {
            Peer.WatchForRoom();
            _rest.Keep(Loop.Buffer + sent, length - sent, ahead: length - sent);
        }
    }

    public override void Close(bool reset)
    {
        base.Close(reset);
        _rest.Drop();
        ReturnPipe();
    }

    internal override void OnReady(uint events)
    {
        if ((events & ~Libc.EpollOut) != 0)
        {
            _isReadable = true;
            _isHungUp |= (events & Libc.EpollReadHangup) != 0;
            _isBroken |= (events & (Libc.EpollError | Libc.EpollHangup)) != 0;
        }

        if ((events & Libc.EpollUrgent) != 0)
        {
            _hasUrgent = true;
            _bulkReads = NeverSplice;
        }

        if (!connection.IsRelaying)
        {
            connection.OnReadyWhileConnecting(this, events);
            return;
        }

        if (connection.IsParting)
        {
            connection.Discard();
            return;
        }

        if ((events & Libc.EpollOut) != 0 && Peer!.HasBacklog)
        {
            Peer.Pump();
        }

        if (IsClosed)
        {
            return;
        }

        if (!IsFinished)
        {
            Pump();
        }
        else if ((events & Libc.EpollError) != 0)
        {
            // Nothing is read from it any more, so nothing else would notice.
            connection.OnBroken(this);
        }
    }

    internal override void OnFault() => connection.OnFault();

    internal override void OnDue() => connection.OnConnectTimeout();

    private bool TryCopy()
    {
        var most = (int)Math.Min(Loop.BufferSize, _left);
        var length = (int)Libc.Receive(Fd, Loop.Buffer, most, 0);
        if (length <= 0)
        {
            return HandleNothingRead(length, Libc.Errno);
        }

        CountRead(length);

        // All there was, if urgent data did not end it. The next bytes, or the end, are an event of their own, unless that
        // event has come already: then behind these bytes there is nothing but the end.
        var isAll = length < most && !_hasUrgent && !_isBroken && !IsStopping;
        var sent = Peer!.Send(Loop.Buffer, length, isLast: isAll && _isHungUp);
        if (sent < 0)
        {
            if (!IsTemporary(Libc.Errno))
            {
                connection.OnBroken(Peer);
                return false;
            }

            sent = 0;
        }

        connection.CountMoved(this, sent);
        if (sent < length)
        {
            Peer.WatchForRoom();
            _rest.Keep(Loop.Buffer + sent, length - sent, ahead: 0);
            return false;
        }

        _bulkReads = length >= BulkRead ? _bulkReads + 1 : _bulkReads < 0 ? NeverSplice : 0;

        if (!isAll)
        {
            return true;
        }

        _isReadable = false;
        if (_isHungUp)
        {
            Finish();
        }

        return false;
    }

    private bool TrySplice()
    {
        _pipe ??= Loop.Pipes.Take();
        if (_pipe is null)
        {
            _bulkReads = 0;
            return true;
        }

        var length = (int)Libc.Splice(Fd, null, _pipe.WriteEnd, null, (int)Math.Min(_pipe.Size, _left), Libc.SpliceMoveNonBlocking);
        if (length > 0)
        {
            CountRead(length);
            _pipe.Length = length;
            _bulkReads = length < SmallSplice ? 0 : _bulkReads;
            return true;
        }

        var error = Libc.Errno;
        ReturnPipe();
        if (length == 0)
        {
            // The end, or urgent data: reading tells.
            _bulkReads = 0;
            return true;
        }

        if (error == Libc.ErrorInvalid)
        {
            _bulkReads = NeverSplice;
            return true;
        }

        return HandleNothingRead(length, error);
    }

    /// <summary>Deals with a read that gave no byte; false when reading is over for now.</summary>
    private bool HandleNothingRead(int length, int error)
    {
        if (length == 0)
        {
            Finish();
            return false;
        }

        switch (error)
        {
            case Libc.ErrorAgain:
                _isReadable = false;
                if (IsStopping)
                {
                    Finish();
                }

                return false;

            case Libc.ErrorInterrupted:
                return true;

            default:
                connection.OnBroken(this);
                return false;
        }
    }
}
