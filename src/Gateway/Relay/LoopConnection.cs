using Gateway.EventLoop;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <summary>A relayed connection on an event loop: lets its two streams pump once they are connected.</summary>
internal sealed class LoopConnection(
    TcpEntrance entrance, int client, VirtualServer virtualServer, ConnectionTable table, in Flow flow)
    : LoopConnecting(entrance, client, virtualServer, table, flow)
{
    private LoopStream ClientStream => (LoopStream)ClientEnd;

    public void CountMoved(LoopStream source, int bytes)
    {
        if (source.IsClient)
        {
            CountSent(bytes, Loop.Now);
        }
        else
        {
            CountReceived(bytes, Loop.Now);
        }
    }

    /// <summary>The source closed its half, and all it sent has been passed on.</summary>
    public void OnFinished(LoopStream source)
    {
        CountHalfClosed(source.IsClient ? ConnectionEnd.Client : ConnectionEnd.Destination);
        if (source.Peer!.IsFinished)
        {
            End();
        }
        else if (Libc.Shutdown(source.Peer.Fd, Libc.ShutdownWrite) != 0)
        {
            OnBroken(source.Peer);
        }
    }

    protected override LoopEnd NewEnd(int fd, bool isClient)
    {
        var stream = new LoopStream(Loop, fd, this, isClient);
        if (!isClient)
        {
            stream.Peer = ClientStream;
            ClientStream.Peer = stream;
        }

        return stream;
    }

    protected override void StopReadingClient() => Loop.Post(
        () =>
        {
            if (!IsReleased)
            {
                ClientStream.StopReading();
            }
        },
        OnFault);

    protected override bool TryReadAhead() => ClientStream.TryReadAhead();

    protected override void StartRelaying()
    {
        SendProxyHeader();
        if (!IsReleased)
        {
            // Mostly its request is there already. Watched only after it was read, the kernel need not report that as well.
            ClientStream.PumpFirst();
        }

        if (!IsReleased && !ClientEnd.TryWatch())
        {
            Close(ConnectionEnd.Failed);
        }

        if (!IsReleased)
        {
            ClientStream.Peer!.Pump();
        }
    }

    private void End()
    {
        if (!IsAskedToEnd)
        {
            Finish(reset: false);
        }
        else if (Libc.Shutdown(ClientEnd.Fd, Libc.ShutdownWrite) == 0)
        {
            BeginParting();
            Discard();
        }
        else
        {
            OnBroken(ClientEnd);
        }
    }

    private unsafe void SendProxyHeader()
    {
        var length = WriteProxyHeader(new Span<byte>(Loop.Buffer, Loop.BufferSize));
        if (length > 0)
        {
            ClientStream.SendAhead(length);
        }
    }
}
