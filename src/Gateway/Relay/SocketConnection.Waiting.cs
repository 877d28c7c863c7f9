using System.Net.Sockets;
using Gateway.Queueing;

namespace Gateway.Relay;

/// <content>Waiting in the cluster's queue.</content>
internal partial class SocketConnection
{
    // Most requests fit, behind which it is seen that the client goes; of one that sends more it is not.
    private const int MostAhead = 4 * 1024;

    private async Task<Waited> WaitAsync()
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        using var over = new CancellationTokenSource();
        var watching = WatchClientAsync(gone, over.Token);
        var waited = await VirtualServer.Queues.WaitAsync(Awaited, Flow, gone.Token);
        await over.CancelAsync();
        await watching;
        return waited;
    }

    /// <summary>Reads on, as far as that may be held, to see whether the client goes.</summary>
    /// <param name="gone">To be cancelled when it does.</param>
    /// <param name="over">Fires when the waiting is over.</param>
    private async Task WatchClientAsync(CancellationTokenSource gone, CancellationToken over)
    {
        try
        {
            for (var held = 0; held < MostAhead;)
            {
                // No memory while the client is silent. That there is something may be a false alarm, so the waiting may end in
                // the second as well; bytes are taken by a call that is not cancelled, or not at all.
                await client.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, over);
                var buffer = new byte[MostAhead - held];
                var received = await client.ReceiveAsync(buffer, SocketFlags.None, over);
                if (received == 0)
                {
                    await gone.CancelAsync();
                    return;
                }

                Ahead.Add(buffer.AsMemory(0, received));
                held += received;
            }
        }
        catch (OperationCanceledException)
        {
            // It waits no longer.
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            await gone.CancelAsync();
        }
    }
}
