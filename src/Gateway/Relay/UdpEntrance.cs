using System.Net;
using System.Net.Sockets;
using Gateway.EventLoop;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <summary>The part of a UDP listener that lives on one loop: its clients' sessions, and their datagrams both ways.</summary>
/// <remarks>Answers that come within one round of the loop leave together at its end, in the order in which they came. While the
/// socket takes no more, they wait, and when no more can wait they are lost, as UDP loses datagrams.</remarks>
internal sealed class UdpEntrance(Loop loop, Socket socket, LoopListener listener, ConnectionTable table)
    : Entrance(loop, socket)
{
    private const int BatchesPerTurn = 4;

    // There may be thousands of entrances that nothing comes to.
    private OutgoingDatagrams? _answers;
    private bool _isFull;

    private readonly Dictionary<(NativeAddress Client, NativeAddress Local), UdpSession> _sessions = [];

    // Those of one packet, which no further datagram looks for.
    private readonly HashSet<UdpSession> _single = [];

    /// <summary>Whose port it is now.</summary>
    public VirtualServer VirtualServer => listener.VirtualServer;

    public override void Start()
    {
        if (listener.EndPoint.Address.Equals(IPAddress.Any))
        {
            _ = Libc.SetOption(Fd, Libc.LevelIP, Libc.IPPacketInfo, 1);
        }
        else if (listener.EndPoint.Address.Equals(IPAddress.IPv6Any))
        {
            _ = Libc.SetOption(Fd, Libc.LevelIPv6, Libc.IPv6ReceivePacketInfo, 1);
        }

        base.Start();
    }

    /// <summary>Ends all sessions too: without the socket neither their datagrams nor the answers have a way.</summary>
    public override void Stop()
    {
        Flush();
        CloseEntrance();
        _answers?.Dispose();
        foreach (var session in _sessions.Values.Concat(_single).ToArray())
        {
            session.Close(ConnectionEnd.Stopped);
        }
    }

    /// <summary>Sends a datagram to a client, in a moment.</summary>
    public unsafe void Answer(UdpSession session, byte* bytes, int length)
    {
        if (IsStopped)
        {
            return;
        }

        _answers ??= new OutgoingDatagrams();
        if (!_answers.TryAdd(bytes, length, session.ClientAddress, session.LocalAddress))
        {
            Flush();
            _answers.TryAdd(bytes, length, session.ClientAddress, session.LocalAddress);
        }

        if (!_isFull)
        {
            Loop.Defer(this);
        }
    }

    public void Forget(UdpSession session)
    {
        var key = (session.ClientAddress, session.LocalAddress);
        if (_sessions.GetValueOrDefault(key) == session)
        {
            _sessions.Remove(key);
        }

        _single.Remove(session);
        table.Sessions.GiveBack();
    }

    internal override void OnReady(uint events)
    {
        if ((events & Libc.EpollOut) != 0)
        {
            _isFull = false;
            Loop.Modify(this, Libc.EpollIn);
            Flush();
        }

        for (var i = 0; i < BatchesPerTurn; i++)
        {
            var batch = Loop.Datagrams;
            var count = batch.Receive(Fd);
            for (var k = 0; k < count && !IsStopped; k++)
            {
                Take(batch, k);
            }

            if (count < DatagramBatch.Capacity)
            {
                return;
            }
        }
    }

    internal override void OnDeferred() => Flush();

    /// <summary>Sends the answers that wait, unless the socket takes none.</summary>
    private void Flush()
    {
        if (!_isFull && !IsStopped && _answers?.TrySend(Fd) == false)
        {
            _isFull = true;
            Loop.Modify(this, Libc.EpollIn | Libc.EpollOut);
        }
    }

    private void Take(DatagramBatch batch, int index)
    {
        var key = (batch.Sender(index), batch.Local(index));
        var virtualServer = listener.VirtualServer;
        if (!virtualServer.Options.OnePacket && _sessions.TryGetValue(key, out var session) && session.TrySend(batch, index))
        {
            return;
        }

        if (virtualServer.IsFull || !table.Sessions.TryTake())
        {
            virtualServer.CountRefused(ConnectionEnd.Limit);
            return;
        }

        var (client, local) = key;
        var flow = new Flow(
            client.ToIPAddress(),
            client.Port,
            local.IsNone ? listener.EndPoint.Address : local.ToIPAddress(),
            listener.EndPoint.Port,
            IsDatagrams: true);
        session = new UdpSession(this, client, local, virtualServer, table, flow);
        if (virtualServer.Options.OnePacket || !_sessions.TryAdd(key, session))
        {
            _single.Add(session);
        }

        session.Start();
        session.TrySend(batch, index);
    }
}
