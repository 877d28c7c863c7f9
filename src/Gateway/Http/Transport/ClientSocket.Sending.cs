using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Http.Transport;

/// <content>What goes to the client: what Kestrel has written.</content>
internal sealed partial class ClientSocket
{
    public override ValueTask SentAsync() =>
        _isResting || IsClosed ? ValueTask.CompletedTask : _rested.WaitForCompletionAsync();

    public override int SendDirectly(ReadOnlySpan<byte> bytes)
    {
        if (!_isResting || IsClosed)
        {
            return 0;
        }

        var sent = Send(bytes);
        if (sent < 0)
        {
            AbortNow();
        }

        return Math.Max(sent, 0);
    }

    /// <summary>The next so many bytes that are written to the pipe stand for some that were sent directly, and are dropped; on the
    /// loop's thread, while nothing is in the pipe.</summary>
    public void DropNext(int bytes) => _toDrop += bytes;

    /// <summary>Whether bytes that were to be dropped have not come.</summary>
    public bool IsToDrop => _toDrop > 0;

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
        while (true)
        {
            var sent = Send(bytes.Span);
            if (sent == bytes.Length)
            {
                return;
            }

            if (sent < 0 || !await WritableAsync())
            {
                throw new SocketException((int)(IsClosed ? SocketError.OperationAborted : SocketError.ConnectionReset));
            }

            bytes = bytes[sent..];
        }
    }
}
