using Gateway.Clusters;
using Gateway.EventLoop;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <summary>
/// One client of a UDP virtual server and the destination it was given, until nothing is heard for a while. Used on its
/// loop's thread, but for what <see cref="RelayConnection"/> allows.
/// </summary>
/// <remarks>
/// Addresses of UDP clients can be forged, and the answer then hits somebody who never asked. So answers are bounded by
/// what the client sends: <see cref="VirtualServerOptions.UnconfirmedReplies"/> for each of its datagrams until it has
/// sent one after an answer, and <see cref="ConfirmedFactor"/> times as many from then on. A forger can send a second
/// datagram too, so the bound never falls; nothing short of a question to the client could tell the two apart.
/// A session leaves its destination when that is down or gone, and when nothing was heard from it for the session timeout
/// although the client goes on sending. When its port has become another virtual server's, that one's options and cluster
/// count: the session goes on where the cluster has its destination, and ends where it would have to leave it. Its accounts
/// stay with the virtual server that opened it.
/// </remarks>
internal sealed partial class UdpSession(
    UdpEntrance entrance,
    NativeAddress client,
    NativeAddress local,
    VirtualServer virtualServer,
    ConnectionTable table,
    in Flow flow) : RelayConnection(virtualServer, table, flow)
{
    // Others get their turn in between.
    private const int MostPerRound = 32;

    // Acknowledged streams (QUIC, tunnels) answer each datagram of a client with about ten at most.
    private const int ConfirmedFactor = 16;

    private UdpUpstream? _upstream;

    // The first datagram, while the destination's name is looked up.
    private byte[]? _held;
    private long _requests;
    private long _answers;
    private long _lastAnswer;
    private Cluster? _checked;
    private bool _confirmed;

    private RoundPace _pace;
    private bool _released;

    public NativeAddress ClientAddress { get; } = client;

    /// <summary>The address the client sent to, when the listener does not say it.</summary>
    public NativeAddress LocalAddress { get; } = local;

    protected override TimeSpan SilenceLimit => Options.SessionTimeout;

    private Loop Loop => entrance.Loop;

    private VirtualServerOptions Options => entrance.VirtualServer.Options;

    /// <summary>Connects to a destination, which in UDP nobody notices.</summary>
    public void Start()
    {
        if (TryOpen())
        {
            ConnectToNextDestination();
        }
        else
        {
            Finish();
        }
    }

    /// <summary>Passes a datagram of the client on; false when the session has ended because its port is another virtual
    /// server's, and the datagram is for a new one.</summary>
    public unsafe bool TrySend(DatagramBatch batch, int index)
    {
        if (_upstream is not null && !IsWellPlaced())
        {
            if (IsOutdated)
            {
                Close(ConnectionEnd.Stopped);
                return false;
            }

            CloseUpstream();
            LeaveDestination();
            ConnectToNextDestination();
        }

        Send(batch.Bytes(index), batch.Length(index));
        return true;
    }

    /// <summary>Passes on what the destination has answered.</summary>
    public void OnAnswer()
    {
        var received = 0;
        while (received < _pace.Most && TryPassOnAnswer())
        {
            received++;
        }

        _pace.Took(received, Loop.Round, Loop.LastWholeRound, MostPerRound);
    }

    /// <summary>Something went wrong that should not have.</summary>
    public void OnFault()
    {
        Close(ConnectionEnd.Failed);
        Finish();
    }

    protected override void Abort()
    {
        if (Loop.IsCurrentThread)
        {
            Finish();
        }
        else
        {
            Loop.Post(Finish);
        }
    }

    /// <summary>Passes on one answer; false when there is none, or nobody is left to look for another.</summary>
    private unsafe bool TryPassOnAnswer()
    {
        var length = (int)Libc.Receive(_upstream!.Fd, Loop.Buffer, Loop.BufferSize, 0);
        if (length < 0)
        {
            var error = Libc.Errno;
            if (IsUnreachable(error))
            {
                OnUnreachable(error);
            }

            return false;
        }

        if (Remaining() > 0)
        {
            _answers++;
            _lastAnswer = Loop.Now;
            CountReceived(length, Loop.Now);
            entrance.Answer(this, Loop.Buffer, length);
        }

        var options = Options;
        var expected = options.OnePacket ? Math.Max(1, options.Replies) : options.Replies;
        if (expected > 0 && _answers >= expected * _requests)
        {
            Close(ConnectionEnd.Done);
            return false;
        }

        return true;
    }

    private long Remaining() => Options.UnconfirmedReplies is not 0 and var each
        ? Math.Max(0, ((_confirmed ? ConfirmedFactor : 1L) * each * _requests) - _answers)
        : long.MaxValue;

    /// <summary>Whether the destination is still one to send to.</summary>
    private bool IsWellPlaced()
    {
        var timeout = Options.SessionTimeout;
        if (timeout > TimeSpan.Zero && Time.GetElapsedTime(_lastAnswer, Loop.Now) >= timeout)
        {
            return false;
        }

        var cluster = entrance.VirtualServer.Cluster;
        if (cluster is not null && ReferenceEquals(cluster, _checked))
        {
            return true;
        }

        _checked = cluster;
        return cluster?.Find(Destination!.Id) is { } now
            && ReferenceEquals(now.State, Destination.State)
            && now.Options.Address == Destination.Options.Address
            && (now.KeepsFlows || cluster.IsPanicking);
    }

    /// <summary>Whether its port is another virtual server's by now, so that its own may lead to what was removed.</summary>
    private bool IsOutdated => !ReferenceEquals(entrance.VirtualServer, VirtualServer);

    private unsafe void Send(byte* bytes, int length)
    {
        // A second time only when an earlier datagram turns out to have been refused, and another destination is tried.
        for (var tries = 0; tries < 2 && !_released; tries++)
        {
            if (_upstream is null)
            {
                _held ??= new ReadOnlySpan<byte>(bytes, length).ToArray();
                return;
            }

            var sent = Libc.Send(_upstream.Fd, bytes, length, Libc.MessageNoSignal);
            if (sent >= 0)
            {
                _requests++;
                _confirmed |= _answers > 0;
                CountSent(length, Loop.Now);
                return;
            }

            var error = Libc.Errno;
            if (!IsUnreachable(error))
            {
                // Too long for the way, or the way is full: UDP loses datagrams, and says nothing.
                return;
            }

            OnUnreachable(error);
        }
    }

    /// <summary>The destination's machine said, by ICMP, that nobody takes the datagrams: the session moves on.</summary>
    private void OnUnreachable(int error)
    {
        CloseUpstream();
        ConnectFailed(error == Libc.ErrorConnectionRefused ? FailureReason.ConnectRefused : FailureReason.ConnectError);
        MoveOn();
    }

    /// <summary>Takes the next destination after one that failed; the next datagram of an outdated session opens a new one.
    /// </summary>
    private void MoveOn()
    {
        if (IsOutdated)
        {
            Close(ConnectionEnd.Stopped);
        }
        else
        {
            ConnectToNextDestination();
        }
    }

    private void CloseUpstream()
    {
        _upstream?.Close();
        _upstream = null;
    }

    private void Finish()
    {
        if (!_released)
        {
            _released = true;
            CloseUpstream();
            entrance.Forget(this);
            Release();
        }
    }

    private static bool IsUnreachable(int error) =>
        error is Libc.ErrorConnectionRefused or Libc.ErrorHostUnreachable or Libc.ErrorNetworkUnreachable;
}
