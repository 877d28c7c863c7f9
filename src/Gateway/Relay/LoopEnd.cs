using Gateway.EventLoop;

namespace Gateway.Relay;

/// <summary>One socket of a relayed connection on a loop: what it is watched for, and how it sends and closes.</summary>
/// <remarks>Most connections are short, so each system call that a short one can do without is put off until it is
/// needed.</remarks>
internal abstract unsafe class LoopEnd(Loop loop, int fd, bool isClient) : LoopSocket(loop, fd)
{
    private const uint Always = Libc.EpollIn | Libc.EpollUrgent | Libc.EpollReadHangup | Libc.EpollEdge;

    private uint _watched;
    private bool _isFull;
    private bool _hasSent;

    // What listens lets nothing wait, and accepted sockets inherit that.
    private bool _isPrompt = isClient;

    public bool IsClient { get; } = isClient;

    /// <summary>Watches a socket that is being connected; returns 0, or the error.</summary>
    public int WatchConnecting() => Watch(Always | Libc.EpollOut);

    /// <summary>Watches the socket for bytes if it is not watched yet; false when the kernel cannot.</summary>
    public bool TryWatch() => _watched != 0 || Watch(_isFull ? Always | Libc.EpollOut : Always) == 0;

    /// <summary>Watches the socket for bytes, and is told again how it stands if it is watched already; false when the kernel
    /// cannot.</summary>
    public bool TryWatchAnew()
    {
        if (_watched == 0)
        {
            return TryWatch();
        }

        Loop.Modify(this, _watched);
        return true;
    }

    /// <summary>Sends these bytes and the end behind them; false when the socket does not take them all at once.</summary>
    public bool TrySendLast(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return Send(start, bytes.Length, isLast: true) == bytes.Length && Libc.Shutdown(Fd, Libc.ShutdownWrite) == 0;
        }
    }

    /// <summary>Closes the socket, with a reset if the connection did not end in order.</summary>
    public virtual void Close(bool reset)
    {
        if (reset && !IsClosed)
        {
            Libc.ResetAtClose(Fd);
        }

        CloseSocket();
    }

    /// <summary>Sends; returns how many bytes were taken, or -1 and the reason in <see cref="Libc.Errno"/>.</summary>
    /// <param name="bytes">What to send.</param>
    /// <param name="length">How much of it.</param>
    /// <param name="isLast">Whether the end follows at once, which then takes no segment of its own.</param>
    /// <remarks>
    /// From the second time on, what is sent must not wait for what was sent before to be acknowledged (RFC 896); the first
    /// never waits.
    /// </remarks>
    protected int Send(byte* bytes, int length, bool isLast = false)
    {
        if (!_isPrompt && _hasSent)
        {
            _isPrompt = true;
            _ = Libc.SetOption(Fd, Libc.LevelTcp, Libc.TcpNoDelay, 1);
        }

        _hasSent = true;
        return (int)Libc.Send(Fd, bytes, length, isLast ? Libc.MessageNoSignal | Libc.MessageMore : Libc.MessageNoSignal);
    }

    /// <summary>Has the kernel tell when the socket takes more; it was asked to take more than it could. Before that, room
    /// to write would be reported together with everything else and mean nothing.</summary>
    protected void WatchForRoom()
    {
        _isFull = true;
        if (_watched != 0 && (_watched & Libc.EpollOut) == 0)
        {
            _watched |= Libc.EpollOut;
            Loop.Modify(this, _watched);
        }
    }

    protected static bool IsTemporary(int error) => error is Libc.ErrorAgain or Libc.ErrorInterrupted;

    private int Watch(uint events)
    {
        _watched = events;
        return Loop.Add(this, events);
    }
}
