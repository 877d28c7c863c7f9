using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace Gateway.Http.Forwarding;

/// <summary>Sends the body of a request to the destination, as the client sends it and no faster than it is taken.
/// </summary>
internal sealed class RequestBody(PipeReader reader, long? contentLength, Upstream upstream, BodyFraming framing)
{
    /// <summary>Time a destination is given to say <c>100 Continue</c>, for those that never do (RFC 9110, section
    /// 10.1.1).</summary>
    private static readonly TimeSpan _continueTimeout = TimeSpan.FromSeconds(1);

    // Hexadecimal digits of a chunk's size, and the two line ends around its data.
    private const int ChunkOverhead = 8 + 2 + 2;

    private readonly TaskCompletionSource<bool> _continue = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<RequestBodyEnd>? _sending;
    private long _sent;

    /// <summary>What went wrong; null when nothing did.</summary>
    public Exception? Exception { get; private set; }

    /// <summary>How it ended; null while it has not.</summary>
    public RequestBodyEnd? End => _sending is { IsCompletedSuccessfully: true } ? _sending.Result : null;

    /// <summary>Whether the client's next bytes are waited for.</summary>
    public bool IsWaitingForClient { get; private set; }

    /// <summary>Begins to send, at once or when the destination asks for it.</summary>
    public void Start(bool whenAsked, TimeProvider time) => _sending = whenAsked ? SendWhenAskedAsync(time) : SendAsync();

    /// <summary>The destination said <c>100 Continue</c>.</summary>
    public void Continue() => _continue.TrySetResult(true);

    /// <summary>The destination has answered: what it did not ask for is not sent.</summary>
    public void Answered() => _continue.TrySetResult(false);

    /// <summary>Waits until all is sent or cannot be.</summary>
    public Task<RequestBodyEnd> WaitAsync() => _sending ?? Task.FromResult(RequestBodyEnd.Stopped);

    /// <summary>Stops, after the upstream was closed, and returns when nothing of the request is touched any more.</summary>
    public async ValueTask StopAsync()
    {
        _continue.TrySetResult(false);
        if (_sending is { IsCompleted: false })
        {
            reader.CancelPendingRead();
            await _sending;
        }
    }

    private async Task<RequestBodyEnd> SendWhenAskedAsync(TimeProvider time)
    {
        try
        {
            await _continue.Task.WaitAsync(_continueTimeout, time);
        }
        catch (TimeoutException)
        {
            _continue.TrySetResult(true);
        }

        return await _continue.Task ? await SendAsync() : RequestBodyEnd.Stopped;
    }

    private async Task<RequestBodyEnd> SendAsync()
    {
        while (true)
        {
            ReadResult read;
            try
            {
                IsWaitingForClient = true;
                read = await reader.ReadAsync();
                IsWaitingForClient = false;
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
            {
                return Broken(e);
            }

            if (read.IsCanceled)
            {
                reader.AdvanceTo(read.Buffer.Start);
                return RequestBodyEnd.Stopped;
            }

            upstream.Touch();
            try
            {
                try
                {
                    await SendAsync(read.Buffer);
                }
                finally
                {
                    reader.AdvanceTo(read.Buffer.End);
                }

                if (!read.IsCompleted)
                {
                    continue;
                }

                if (framing == BodyFraming.Length && _sent != contentLength)
                {
                    return Broken(new IOException("The body ended early."));
                }

                if (framing == BodyFraming.Chunked)
                {
                    await upstream.SendAsync("0\r\n\r\n"u8.ToArray());
                }

                return RequestBodyEnd.Sent;
            }
            catch (SocketException e)
            {
                Exception = e;
                return RequestBodyEnd.DestinationBroken;
            }
        }
    }

    /// <summary>The destination must not take what it has for the whole, so nothing but the end of the connection may
    /// follow.</summary>
    private RequestBodyEnd Broken(Exception exception)
    {
        Exception = exception;
        upstream.Close(UpstreamEnd.BodyBroken);
        return RequestBodyEnd.ClientBroken;
    }

    private async ValueTask SendAsync(ReadOnlySequence<byte> bytes)
    {
        _sent += bytes.Length;
        foreach (var segment in bytes)
        {
            if (framing == BodyFraming.Length)
            {
                await upstream.SendAsync(segment);
                continue;
            }

            for (var rest = segment; !rest.IsEmpty;)
            {
                var length = Math.Min(rest.Length, upstream.Sending.Length - ChunkOverhead);
                await upstream.SendAsync(Chunk(rest.Span[..length]));
                rest = rest[length..];
            }
        }
    }

    private ReadOnlyMemory<byte> Chunk(ReadOnlySpan<byte> data)
    {
        var buffer = upstream.Sending;
        data.Length.TryFormat(buffer, out var length, "x", CultureInfo.InvariantCulture);
        "\r\n"u8.CopyTo(buffer.AsSpan(length));
        data.CopyTo(buffer.AsSpan(length + 2));
        length += 2 + data.Length;
        "\r\n"u8.CopyTo(buffer.AsSpan(length));
        return buffer.AsMemory(0, length + 2);
    }
}

/// <summary>How sending a request's body ended.</summary>
internal enum RequestBodyEnd
{
    /// <summary>The destination has all of it.</summary>
    Sent,

    /// <summary>The client did not send all of it.</summary>
    ClientBroken,

    /// <summary>The destination did not take all of it.</summary>
    DestinationBroken,

    /// <summary>It was not wanted any more.</summary>
    Stopped,
}
