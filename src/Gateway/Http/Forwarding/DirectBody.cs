using System.Runtime.CompilerServices;
using Gateway.EventLoop;
using Gateway.Http.Transport;

namespace Gateway.Http.Forwarding;

/// <summary>Passes a long body on from socket to socket: in memory of the loop that is lent for the turn, without a buffer for each
/// connection; and a very long one through a pipe of the kernel's, without copying it (splice(2)).</summary>
/// <param name="client">The client, to which everything before was written.</param>
/// <param name="to">Its socket.</param>
/// <param name="from">The connection to the destination, on the same loop.</param>
internal readonly struct DirectBody(IExchangeClient client, ClientOutlet to, LoopUpstream from)
{
    /// <summary>What is shorter goes with what is to be flushed anyway.</summary>
    public const int Shortest = 16 * 1024;

    // Taking a pipe and filling it pays from here on.
    private const int ShortestSpliced = 256 * 1024;

    /// <summary>Copies so many bytes.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The connection to the destination is broken, or was closed from this
    /// side.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ResponseBodyEnd> CopyAsync(long length)
    {
        try
        {
            var end = await CopyAllAsync(length);

            // What is counted comes to its end as well, and a client that has left has all that it wanted.
            _ = end != ResponseBodyEnd.Complete || await client.FlushAsync();
            return end;
        }
        finally
        {
            client.EndDirect();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ResponseBodyEnd> CopyAllAsync(long length)
    {
        var left = length;
        if (left >= ShortestSpliced && to.Loop.Pipes.Take() is { } pipe)
        {
            try
            {
                left = await SpliceAsync(pipe, left);
            }
            finally
            {
                to.Loop.Pipes.Return(pipe);
            }

            if (left <= 0)
            {
                return left == 0 ? ResponseBodyEnd.Complete : ResponseBodyEnd.ClientGone;
            }
        }

        while (true)
        {
            if (!await SentAsync())
            {
                return ResponseBodyEnd.ClientGone;
            }

            var reason = Move(ref left);
            if (left == 0)
            {
                return ResponseBodyEnd.Complete;
            }

            if (reason == Stop.Ended)
            {
                return ResponseBodyEnd.Truncated;
            }

            if (reason == Stop.NothingThere)
            {
                await from.ReadableAsync();
            }
        }
    }

    /// <summary>Sends what was written, which comes first; false when the client is gone.</summary>
    private async ValueTask<bool> SentAsync()
    {
        from.WaitsFor = client;
        var isThere = await client.FlushAsync();
        if (isThere)
        {
            await to.SentAsync();
        }
        else
        {
            from.Close(UpstreamEnd.ClientGone);
        }

        from.WaitsFor = null;
        from.Touch();
        return isThere;
    }

    /// <summary>Moves bytes through a pipe.</summary>
    /// <returns>How many are left when the destination has ended, or has sent something that cannot be spliced: reading tells; -1
    /// when the client is gone.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<long> SpliceAsync(Pipe pipe, long left)
    {
        if (!await SentAsync())
        {
            return -1;
        }

        while (true)
        {
            client.CountDirect(to.SendFrom(pipe));
            from.Touch();
            from.WaitsFor = client;
            if (!await client.FlushAsync() || (pipe.Length > 0 && !await to.WritableAsync()))
            {
                from.Close(UpstreamEnd.ClientGone);
                return -1;
            }

            from.WaitsFor = null;
            if (pipe.Length > 0)
            {
                // The client takes more.
            }
            else if (left == 0)
            {
                return 0;
            }
            else if (from.TryReceiveInto(pipe, left) is not -1 and var received)
            {
                if (received == 0)
                {
                    return left;
                }

                left -= received;
            }
            else
            {
                await from.ReadableAsync();
            }
        }
    }

    /// <summary>Moves pieces as long as both sockets go on at once.</summary>
    private unsafe Stop Move(ref long left)
    {
        var buffer = new Span<byte>(to.Loop.Buffer, Loop.BufferSize);
        while (left > 0)
        {
            var received = from.TryReceive(buffer[..(int)Math.Min(buffer.Length, left)]);
            if (received <= 0)
            {
                return received == 0 ? Stop.Ended : Stop.NothingThere;
            }

            left -= received;
            var sent = to.SendDirectly(buffer[..received]);
            client.CountDirect(sent);
            if (sent < received)
            {
                client.WriteBody(buffer[sent..received]);
                return Stop.ClientIsSlower;
            }
        }

        return Stop.ClientIsSlower;
    }

    private enum Stop
    {
        ClientIsSlower,
        NothingThere,
        Ended,
    }
}
