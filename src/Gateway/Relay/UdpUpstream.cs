using Gateway.EventLoop;

namespace Gateway.Relay;

/// <summary>The socket by which one UDP session talks to its destination.</summary>
internal sealed class UdpUpstream(Loop loop, int fd, UdpSession session) : LoopSocket(loop, fd)
{
    public void Close() => CloseSocket();

    internal override void OnReady(uint events) => session.OnAnswer();

    internal override void OnFault() => session.OnFault();
}
