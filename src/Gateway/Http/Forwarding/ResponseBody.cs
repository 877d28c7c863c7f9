using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Gateway.Http.Transport;

namespace Gateway.Http.Forwarding;

/// <summary>Passes the body of an answer on to the client, as it comes and no faster than it is taken.</summary>
/// <remarks>What came is written, and flushed only when there is nothing more to be had at once, or much is written: a
/// stream of events is passed on event by event, and a file in large pieces.</remarks>
internal readonly struct ResponseBody(IExchangeClient client, Upstream upstream)
{
    private const int FlushAt = 32 * 1024;

    /// <summary>Copies a body of known length.</summary>
    /// <param name="start">Where it begins in <see cref="Upstream.Received"/>.</param>
    /// <param name="end">Where the bytes received end.</param>
    /// <param name="length">Its length; -1 is up to the end of the connection.</param>
    /// <returns>How it ended; <see cref="ResponseBodyEnd.Extra"/> when the destination sent more.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ResponseBodyEnd> CopyAsync(int start, int end, long length)
    {
        var left = length < 0 ? long.MaxValue : length;
        var unflushed = 0;
        while (true)
        {
            var piece = (int)Math.Min(left, end - start);
            client.WriteBody(upstream.Received.AsSpan(start, piece));
            unflushed += piece;
            left -= piece;
            if (left == 0)
            {
                await FlushRestAsync();
                return start + piece == end ? ResponseBodyEnd.Complete : ResponseBodyEnd.Extra;
            }

            if (length >= 0 && left >= DirectBody.Shortest && upstream is LoopUpstream onLoop && await BeginDirectAsync() is { } socket)
            {
                return await new DirectBody(client, socket, onLoop).CopyAsync(left);
            }

            start = 0;
            end = await ReceiveAsync(unflushed);
            if (end == 0 && length < 0)
            {
                await FlushRestAsync();
            }

            if (end <= 0)
            {
                return end < 0 ? ResponseBodyEnd.ClientGone : length < 0 ? ResponseBodyEnd.Complete : ResponseBodyEnd.Truncated;
            }

            unflushed = 0;
        }
    }

    /// <summary>Copies a chunked body, without its framing.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ResponseBodyEnd> CopyChunksAsync(int start, int end)
    {
        var chunks = upstream.Chunks;
        chunks.Reset();
        while (true)
        {
            if (!TryWriteChunks(ref start, end, out var unflushed))
            {
                return ResponseBodyEnd.Bad;
            }

            if (chunks.IsEnded)
            {
                await FlushRestAsync();
                return start == end ? ResponseBodyEnd.Complete : ResponseBodyEnd.Extra;
            }

            start = 0;
            end = await ReceiveAsync(unflushed);
            if (end <= 0)
            {
                return end < 0 ? ResponseBodyEnd.ClientGone : ResponseBodyEnd.Truncated;
            }
        }
    }

    /// <summary>Writes the data of all that was received; false when the framing is wrong.</summary>
    private bool TryWriteChunks(ref int start, int end, out int written)
    {
        var chunks = upstream.Chunks;
        written = 0;
        while (true)
        {
            var status = chunks.Read(upstream.Received.AsSpan(start, end - start), out var consumed);
            start += consumed;
            if (status != ParseStatus.Done || chunks.IsEnded)
            {
                return status != ParseStatus.Bad;
            }

            var piece = (int)Math.Min(chunks.Available, end - start);
            if (piece == 0)
            {
                return true;
            }

            client.WriteBody(upstream.Received.AsSpan(start, piece));
            chunks.Take(piece);
            start += piece;
            written += piece;
        }
    }

    /// <summary>Receives more; 0 is the end, -1 that the client is gone.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReceiveAsync(int unflushed)
    {
        if (unflushed >= FlushAt && !await FlushAsync())
        {
            return -1;
        }

        var receiving = upstream.ReceiveAsync(upstream.Received);
        if (receiving.IsCompleted)
        {
            var received = await receiving;
            return unflushed is 0 or >= FlushAt || await FlushAsync() ? received : -1;
        }

        var isClientThere = await FlushAsync();
        if (!isClientThere)
        {
            upstream.Close(UpstreamEnd.ClientGone);
        }

        try
        {
            var received = await receiving;
            return isClientThere ? received : -1;
        }
        catch (SocketException) when (!isClientThere)
        {
            return -1;
        }
    }

    private async ValueTask<ClientOutlet?> BeginDirectAsync()
    {
        upstream.WaitsFor = client;
        var socket = await client.BeginDirectAsync();
        upstream.WaitsFor = null;
        return socket;
    }

    /// <summary>Flushes the last bytes, unless the server does so itself because they are the first as well.</summary>
    private ValueTask FlushRestAsync() => client.MustFlushEnd ? FlushedAsync() : ValueTask.CompletedTask;

    private async ValueTask FlushedAsync() => await FlushAsync();

    private async ValueTask<bool> FlushAsync()
    {
        upstream.WaitsFor = client;
        var isThere = await client.FlushAsync();
        upstream.WaitsFor = null;
        upstream.Touch();
        return isThere;
    }
}

/// <summary>How passing an answer's body on ended.</summary>
internal enum ResponseBodyEnd
{
    /// <summary>The client has all of it, or will when the response is completed.</summary>
    Complete,

    /// <summary>The same, and the destination sent more than the answer.</summary>
    Extra,

    /// <summary>The destination broke off.</summary>
    Truncated,

    /// <summary>The destination's framing is wrong.</summary>
    Bad,

    /// <summary>The client takes no more.</summary>
    ClientGone,
}
