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
            Close(reset: error is not null || _isAborted);
            input.CancelPendingFlush();
            EndInput(error);
            _rested.TryComplete(0);
            _ended.TrySetResult();
        }
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
