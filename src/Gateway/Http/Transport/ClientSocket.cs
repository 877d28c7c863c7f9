using System.IO.Pipelines;
using System.Net.Sockets;
using Gateway.EventLoop;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Http.Transport;

/// <summary>Moves the bytes of one client's connection between its socket and Kestrel's pipes; on the loop's thread, but for
/// <see cref="Abort"/>.</summary>
/// <remarks>
/// Registered once, edge-triggered; at the beginning, or where most connections have one short request, when there is
/// something to wait for. What is received is given to Kestrel within the same call, so that a request is parsed,
/// forwarded and mostly answered without leaving the thread. Nothing is received while Kestrel has more than it wants;
/// nothing is taken from Kestrel while the client does not take it.
/// </remarks>
internal sealed class ClientSocket(Loop loop, int fd, ClientConnection connection, PipeWriter input, PipeReader output)
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
    private long _blocked;
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

    /// <summary>Waits until all that was flushed is sent, or the connection has ended, which the next flush tells; on the loop's
    /// thread.</summary>
    public ValueTask SentAsync() => _isResting || IsClosed ? ValueTask.CompletedTask : _rested.WaitForCompletionAsync();

    /// <summary>Sends bytes that are in no pipe, as many as are taken at once; for who writes to the pipe on the loop's thread and has
    /// flushed it.</summary>
    /// <returns>How many; 0 as well while what was flushed is not sent, or when the client is gone, which the next flush tells.
    /// </returns>
    public int SendDirectly(ReadOnlySpan<byte> bytes)
    {
        if (!_isResting || IsClosed)
        {
            return 0;
        }

        try
        {
            return Send(bytes);
        }
        catch (SocketException)
        {
            AbortNow();
            return 0;
        }
    }

    /// <summary>Sends from a pipe what is taken at once; as <see cref="SendDirectly"/>, and never before <see cref="SentAsync"/>.
    /// </summary>
    public unsafe void SendFrom(EventLoop.Pipe pipe)
    {
        while (pipe.Length > 0 && !IsClosed)
        {
            var sent = (int)Libc.Splice(pipe.ReadEnd, null, Fd, null, pipe.Length, Libc.SpliceMoveNonBlocking);
            if (sent <= 0)
            {
                if (Libc.Errno is not (Libc.ErrorAgain or Libc.ErrorInterrupted))
                {
                    AbortNow();
                }

                return;
            }

            pipe.Length -= sent;
        }
    }

    /// <summary>Waits until the client takes more, after <see cref="SendFrom"/>; false when it is gone.</summary>
    public async ValueTask<bool> WritableAsync()
    {
        Watch();
        if (IsClosed)
        {
            return false;
        }

        BeginPatience();
        try
        {
            await _writable.WaitForCompletionAsync();
        }
        catch (SocketException)
        {
            return false;
        }

        Loop.Cancel(this);
        return !IsClosed;
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
        else if (connection.Client.SlowestRate is { } slowest)
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

    private void ReceiveAll()
    {
        for (var reads = 0; !IsClosed && !_isInputEnded && _isReadable; reads++)
        {
            if (reads == ReadsPerTurn)
            {
                Loop.Defer(this);
                return;
            }

            var memory = input.GetMemory(_nextRead);
            var received = Receive(memory.Span);
            if (received < 0)
            {
                return;
            }

            if (received == 0)
            {
                EndInput(null);
                return;
            }

            _nextRead = received == memory.Length ? LargeRead : SmallRead;
            input.Advance(received);
            var flushing = input.FlushAsync();
            if (!flushing.IsCompleted)
            {
                Pause(flushing);
                return;
            }

            if (flushing.Result.IsCompleted)
            {
                // Kestrel has read all it will.
                _isInputEnded = true;
                return;
            }
        }
    }

    private void Pause(ValueTask<FlushResult> flushing)
    {
        _isPaused = true;
        _flushing = flushing;
        flushing.GetAwaiter().UnsafeOnCompleted(_flushed ??= Resume);
    }

    // The pipe's scheduler calls it on the loop's thread.
    private void Resume()
    {
        _isPaused = false;
        var flushed = _flushing.GetAwaiter().GetResult();
        _flushing = default;
        if (flushed.IsCompleted)
        {
            _isInputEnded = true;
        }
        else
        {
            ReceiveAll();
        }
    }

    private void EndInput(Exception? exception)
    {
        _isInputEnded = true;
        if (!_isInputCompleted)
        {
            _isInputCompleted = true;
            input.Complete(exception);
            connection.TellClosed();
        }
    }

    private async Task SendAllAsync()
    {
        Exception? error = null;
        try
        {
            ReadResult read;
            do
            {
                var reading = output.ReadAsync();
                _isResting = !reading.IsCompleted;
                if (_isResting && _rested.IsWaiting)
                {
                    // Later: who waits for this writes, which is what is waited for here.
                    Loop.Defer(this);
                }

                read = await reading;
                _isResting = false;
                foreach (var segment in read.Buffer)
                {
                    await SendAsync(segment);
                }

                output.AdvanceTo(read.Buffer.End);
            }
            while (!read.IsCompleted && !_isAborted);
        }
        catch (SocketException e)
        {
            error = new ConnectionResetException(e.Message, e);
        }
        finally
        {
            // Without the error: who writes is told that nobody reads any more, which is no fault of his.
            await output.CompleteAsync();
            if (!_isWatched)
            {
                Drain();
            }

            Close(reset: error is not null || _isAborted);
            input.CancelPendingFlush();
            EndInput(error);
            _rested.TryComplete(0);
            _ended.TrySetResult();
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        bytes = bytes[Send(bytes.Span)..];
        if (bytes.IsEmpty)
        {
            return;
        }

        Watch();
        BeginPatience();
        do
        {
            await _writable.WaitForCompletionAsync();
            bytes = bytes[Send(bytes.Span)..];
        }
        while (!bytes.IsEmpty);

        Loop.Cancel(this);
    }

    /// <summary>From now on ends the connection when the client takes bytes at less than the slowest rate, after the grace period,
    /// where it is not Kestrel that sees to it.</summary>
    /// <remarks>What the client takes is what the kernel need not keep any longer; it says that there is room again only when
    /// there is a lot.</remarks>
    private void BeginPatience()
    {
        if (connection.Client.SlowestRate is { } slowest)
        {
            _queued = Libc.Unsent(Fd);
            _blocked = Loop.Now;
            Loop.Schedule(this, slowest.GracePeriod);
        }
    }

    /// <summary>Takes what has come and nobody reads: closing the socket would have the kernel reset the connection, and throw
    /// away what is on its way to the client.</summary>
    private unsafe void Drain()
    {
        for (var i = 0; i < ReadsPerTurn && !IsClosed; i++)
        {
            if (Libc.Receive(Fd, Loop.Buffer, EventLoop.Loop.BufferSize, 0) < EventLoop.Loop.BufferSize)
            {
                return;
            }
        }
    }

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

    /// <summary>Receives what there is; -1 when there is nothing yet, or the connection is broken and has been ended.
    /// </summary>
    private unsafe int Receive(Span<byte> buffer)
    {
        nint received;
        fixed (byte* start = buffer)
        {
            received = Libc.Receive(Fd, start, buffer.Length, 0);
        }

        if (received >= 0)
        {
            _isReadable = _isHungUp || received == buffer.Length;
            return (int)received;
        }

        var error = Libc.Errno;
        _isReadable = false;
        if (error is not (Libc.ErrorAgain or Libc.ErrorInterrupted))
        {
            EndInput(new ConnectionResetException("The client reset the connection."));
        }

        return -1;
    }

    private unsafe int Send(ReadOnlySpan<byte> bytes)
    {
        if (IsClosed)
        {
            throw new SocketException((int)SocketError.OperationAborted);
        }

        nint sent;
        fixed (byte* start = bytes)
        {
            sent = Libc.Send(Fd, start, bytes.Length, Libc.MessageNoSignal);
        }

        return sent >= 0 ? (int)sent
            : Libc.Errno is Libc.ErrorAgain or Libc.ErrorInterrupted ? 0
            : throw new SocketException((int)SocketError.ConnectionReset);
    }
}
