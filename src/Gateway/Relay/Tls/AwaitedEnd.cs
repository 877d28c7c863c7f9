using System.Net.Sockets;
using Gateway.EventLoop;

namespace Gateway.Relay.Tls;

/// <summary>One socket of a relayed connection on a loop whose bytes are awaited. Used on the loop's thread only.</summary>
/// <remarks>Every call is tried first, and waited for only when the kernel says that it would block; so an event that comes
/// while nobody waits means nothing. Bytes that never run short would thereby keep the loop for ever: so many calls, and the
/// others have their turn. What is received while TLS is agreed on waits for its turn in any case, because the cryptography
/// that follows takes longer than all else here.</remarks>
internal sealed class AwaitedEnd(Loop loop, int fd, LoopTlsConnection connection, bool isClient)
    : LoopEnd(loop, fd, isClient)
{
    // About a record of TLS each: a quarter of a megabyte.
    private const int CallsPerRound = 16;

    private const long Everything = long.MaxValue;

    private readonly LoopSignal _receiving = new();
    private readonly LoopSignal _sending = new();
    private long _round;
    private int _calls;
    private bool _awaitsLongPiece;

    // Bytes that are still to be received.
    private long _left = Everything;

    /// <summary>Whether bytes are awaited; before, events are for the connection.</summary>
    public bool IsOpen { get; set; }

    /// <summary>Whether TLS is being agreed on.</summary>
    public bool IsShakingHands { get; set; }

    /// <summary>Receives; 0 is the end. Throws <see cref="SocketException"/>, also when the socket is closed meanwhile.
    /// </summary>
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        while (true)
        {
            if (_left == 0)
            {
                return 0;
            }

            if (!TryCount())
            {
                Loop.Defer(this);
            }
            else if (Receive(buffer.Span[..(int)Math.Min(buffer.Length, _left)]) is var received and >= 0)
            {
                _left -= _left == Everything ? 0 : received;
                if (IsShakingHands && received > 0)
                {
                    _awaitsLongPiece = true;
                    Loop.Defer(this);
                    await _receiving.WaitForCompletionAsync();
                }

                return received;
            }

            await _receiving.WaitForCompletionAsync();
        }
    }

    /// <summary>Takes what has come by now for all there is: the end is received behind it.</summary>
    public void StopReceiving()
    {
        _left = Libc.Unread(Fd);
        _receiving.TryComplete(0);
    }

    /// <summary>Receives again what comes.</summary>
    public void ReceiveOn() => _left = Everything;

    /// <summary>Sends everything; throws as <see cref="ReceiveAsync"/>.</summary>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (!TryCount())
            {
                Loop.Defer(this);
            }
            else if (Send(bytes.Span) is var sent and >= 0)
            {
                bytes = bytes[sent..];
                continue;
            }
            else
            {
                WatchForRoom();
            }

            await _sending.WaitForCompletionAsync();
        }
    }

    /// <summary>Says that nothing more is sent; throws <see cref="SocketException"/>.</summary>
    public void FinishSending()
    {
        ThrowIfClosed();
        if (Libc.Shutdown(Fd, Libc.ShutdownWrite) != 0)
        {
            throw new SocketException((int)SocketError.NotConnected);
        }
    }

    public override void Close(bool reset)
    {
        base.Close(reset);
        _receiving.TryFail(SocketError.OperationAborted);
        _sending.TryFail(SocketError.OperationAborted);
    }

    internal override void OnReady(uint events)
    {
        if (!IsOpen || (IsClient && connection.IsWaiting))
        {
            connection.OnReadyWhileConnecting(this, events);
            return;
        }

        if ((events & ~Libc.EpollOut) != 0 && !_awaitsLongPiece)
        {
            _receiving.TryComplete(0);
        }

        // Who waits for room learns of a broken connection by trying again.
        if ((events & ~Libc.EpollIn) != 0)
        {
            _sending.TryComplete(0);
        }
    }

    internal override void OnDeferred()
    {
        if (_awaitsLongPiece && !Loop.TryTakeLongPiece())
        {
            Loop.Defer(this);
            return;
        }

        _awaitsLongPiece = false;
        _receiving.TryComplete(0);
        _sending.TryComplete(0);
    }

    internal override void OnFault() => connection.OnFault();

    internal override void OnDue() => connection.OnConnectTimeout();

    /// <summary>Counts a call to the kernel; false when others are to have their turn before.</summary>
    private bool TryCount()
    {
        if (_round != Loop.Round)
        {
            _round = Loop.Round;
            _calls = 0;
        }

        return _calls++ < CallsPerRound;
    }

    /// <summary>Receives what there is; -1 when there is nothing yet.</summary>
    private unsafe int Receive(Span<byte> buffer)
    {
        ThrowIfClosed();
        int received;
        fixed (byte* start = buffer)
        {
            received = (int)Libc.Receive(Fd, start, buffer.Length, 0);
        }

        return received >= 0 || IsTemporary(Libc.Errno) ? received : throw new SocketException((int)SocketError.ConnectionReset);
    }

    /// <summary>Sends what is taken at once; -1 when nothing is.</summary>
    private unsafe int Send(ReadOnlySpan<byte> bytes)
    {
        ThrowIfClosed();
        int sent;
        fixed (byte* start = bytes)
        {
            sent = Send(start, bytes.Length);
        }

        return sent >= 0 || IsTemporary(Libc.Errno) ? sent : throw new SocketException((int)SocketError.ConnectionReset);
    }

    private void ThrowIfClosed()
    {
        if (IsClosed)
        {
            throw new SocketException((int)SocketError.OperationAborted);
        }
    }
}
