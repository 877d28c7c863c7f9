using System.Runtime.CompilerServices;
using Gateway.EventLoop;
using Gateway.Http.Transport;

namespace Gateway.Http.Forwarding;

/// <summary>Passes a long body on from socket to socket, in memory of the loop that is lent for the turn: no pipe between, no
/// buffer for each connection, and large pieces.</summary>
/// <param name="client">The client, to which everything before was written.</param>
/// <param name="to">Its socket.</param>
/// <param name="from">The connection to the destination, on the same loop.</param>
internal readonly struct DirectBody(IExchangeClient client, ClientSocket to, LoopUpstream from)
{
    /// <summary>What is shorter goes with what is to be flushed anyway.</summary>
    public const int Shortest = 16 * 1024;

    /// <summary>Copies so many bytes.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The connection to the destination is broken, or was closed from this
    /// side.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ResponseBodyEnd> CopyAsync(long length)
    {
        var left = length;
        while (true)
        {
            // What was written comes first.
            if (!await client.FlushAsync())
            {
                from.Close(UpstreamEnd.ClientGone);
                return ResponseBodyEnd.ClientGone;
            }

            await to.SentAsync();
            from.Touch();
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
