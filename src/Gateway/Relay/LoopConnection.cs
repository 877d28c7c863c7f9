using Gateway.EventLoop;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <summary>A relayed connection on an event loop: lets its two streams pump once they are connected.</summary>
internal sealed class LoopConnection(
    TcpEntrance entrance, int client, VirtualServer virtualServer, ConnectionTable table, in Flow flow)
    : LoopConnecting(entrance, client, virtualServer, table, flow)
{
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
            Finish(reset: false);
        }
        else if (Libc.Shutdown(source.Peer.Fd, Libc.ShutdownWrite) != 0)
        {
            OnBroken(source.Peer);
        }
    }

    protected override void StopReadingClient() => Loop.Post(() =>
    {
        if (!IsReleased)
        {
            // The kernel hands out what it has and then says that the stream has ended, as after a FIN.
            _ = Libc.Shutdown(ClientStream.Fd, Libc.ShutdownRead);
        }
    });

    /// <summary>Four system calls and a timer for each socket, which most connections do not live to see: TCP asks for the
    /// first time after a second at the earliest.</summary>
    protected override void OnLasting()
    {
        if (VirtualServer.Options.KeepAlive > TimeSpan.Zero || VirtualServer.Options.UserTimeout > TimeSpan.Zero)
        {
            Loop.Post(() =>
            {
                if (!IsReleased)
                {
                    foreach (var fd in (ReadOnlySpan<int>)[ClientStream.Fd, Upstream!.Fd])
                    {
                        RelaySocket.KeepAlive(fd, VirtualServer.Options);
                        RelaySocket.SetUserTimeout(fd, VirtualServer.Options);
                    }
                }
            });
        }
    }

    protected override LoopStream NewStream(int fd, bool isClient) => new(Loop, fd, this, isClient);

    protected override void StartRelaying()
    {
        SendProxyHeader();
        if (!IsReleased)
        {
            // Mostly its request is there already. Watched only after it was read, the kernel need not report that as well.
            ClientStream.PumpFirst();
        }

        if (!IsReleased && !ClientStream.TryWatch())
        {
            Close(ConnectionEnd.Failed);
        }

        if (!IsReleased)
        {
            Upstream!.Pump();
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
