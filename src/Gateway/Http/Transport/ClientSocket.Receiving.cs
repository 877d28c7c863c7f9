using System.IO.Pipelines;
using Gateway.EventLoop;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Http.Transport;

/// <content>What comes from the client.</content>
internal sealed partial class ClientSocket
{
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
            if (!FlushInput())
            {
                return;
            }
        }
    }

    /// <summary>Gives Kestrel what was written; false when it wants no more, for now or for ever.</summary>
    private bool FlushInput()
    {
        var flushing = input.FlushAsync();
        if (!flushing.IsCompleted)
        {
            Pause(flushing);
            return false;
        }

        // Once Kestrel has read all it will.
        _isInputEnded |= flushing.Result.IsCompleted;
        return !_isInputEnded;
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
}
