using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Gateway.EventLoop;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Http.Transport;

/// <content>What goes to the client: what Kestrel or the plain lane has written, and long bodies that pass by the pipe.</content>
internal sealed partial class ClientSocket
{
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
    /// <returns>How many bytes that were.</returns>
    public unsafe int SendFrom(EventLoop.Pipe pipe)
    {
        var before = pipe.Length;
        while (pipe.Length > 0 && !IsClosed)
        {
            var sent = (int)Libc.Splice(pipe.ReadEnd, null, Fd, null, pipe.Length, Libc.SpliceMoveNonBlocking);
            if (sent <= 0)
            {
                if (sent < 0 && Libc.Errno is not (Libc.ErrorAgain or Libc.ErrorInterrupted))
                {
                    AbortNow();
                }

                break;
            }

            pipe.Length -= sent;
        }

        return before - pipe.Length;
    }

    /// <summary>The next so many bytes that are written to the pipe stand for some that were sent directly, and are dropped; on the
    /// loop's thread, while nothing is in the pipe.</summary>
    public void DropNext(int bytes) => _toDrop += bytes;

    /// <summary>Whether bytes that were to be dropped have not come.</summary>
    public bool IsToDrop => _toDrop > 0;

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
                foreach (var segment in Drop(read.Buffer))
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

    private ReadOnlySequence<byte> Drop(ReadOnlySequence<byte> bytes)
    {
        if (_toDrop == 0)
        {
            return bytes;
        }

        var dropped = Math.Min(_toDrop, bytes.Length);
        _toDrop -= dropped;
        return bytes.Slice(dropped);
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
        _slowest = connection.Client.SlowestRate;
        if (_slowest is { } slowest)
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
