using System.Buffers;
using System.Net.Sockets;

namespace Gateway.Relay;

/// <content>Telling a client that no destination can serve it.</content>
internal partial class SocketConnection
{
    private const int DiscardSize = 4 * 1024;

    /// <summary>Sends the text and the end behind it; false, or what the socket throws, when that failed.</summary>
    protected virtual async Task<bool> TrySaySorryAsync(byte[] body)
    {
        await SocketPump.SendAllAsync(client, body);
        client.Shutdown(SocketShutdown.Send);
        return true;
    }

    /// <summary>Tells the client, and ends when it has closed too.</summary>
    private async Task RefuseAsync(byte[] body)
    {
        BeginSorry();
        using var deadline = new CancellationTokenSource(PartingTimeout, Time);
        await using var late = deadline.Token.Register(Abort);
        try
        {
            if (await TrySaySorryAsync(body))
            {
                CountSorry(body.Length);
                _endsInOrder = await TryDiscardAsync();
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // The client is gone, or has had its time.
        }
    }

    /// <summary>Reads what the client still sends, which may not know yet that it was asked to end: closed at once, that would
    /// reset it.</summary>
    private async Task PartAsync()
    {
        if (!IsAskedToEnd || IsEnding)
        {
            return;
        }

        using var deadline = new CancellationTokenSource(PartingTimeout, Time);
        try
        {
            await TryDiscardAsync(deadline.Token);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The client is gone, or has had its time.
        }
    }

    /// <summary>Reads what the client still sends; true when it closes.</summary>
    private async Task<bool> TryDiscardAsync(CancellationToken deadline = default)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(DiscardSize);
        try
        {
            for (var discarded = 0; discarded < MostDiscarded;)
            {
                if (await client.ReceiveAsync(buffer, SocketFlags.None, deadline) is not (> 0 and var received))
                {
                    return true;
                }

                discarded += received;
            }

            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
