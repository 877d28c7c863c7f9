using System.Net;
using System.Net.Sockets;

namespace Gateway.EventLoop;

/// <summary>Accepts connections on one loop, and looks away for a while when descriptors or memory are short: they wait in the
/// kernel's queue until some others are closed.</summary>
/// <param name="loop">The loop.</param>
/// <param name="socket">Its listening socket, which becomes this object's.</param>
/// <param name="logger">Where trouble is told.</param>
internal abstract unsafe partial class StreamEntrance(Loop loop, Socket socket, ILogger logger) : Entrance(loop, socket)
{
    // Connections already accepted get their turn in between.
    private const int MostPerRound = 64;

    // No queue of the kernel's is longer than this.
    private const int MostWaiting = 65536;

    private static readonly TimeSpan _pauseWithoutResources = TimeSpan.FromMilliseconds(200);

    private readonly ILogger _logger = logger;
    private readonly WarningPace _warnings = new(loop.Time);

    // A listener on one address knows the local address of every connection without asking.
    private readonly bool _isAny = ((IPEndPoint)socket.LocalEndPoint!).Address is var address
        && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));

    private RoundPace _pace;
    private bool _isPaused;

    /// <summary>What is listened on.</summary>
    protected IPEndPoint EndPoint { get; } = (IPEndPoint)socket.LocalEndPoint!;

    /// <summary>Takes the connections the kernel has already established, then closes the socket.</summary>
    public override void Stop()
    {
        try
        {
            for (var i = 0; i < MostWaiting && Descriptors.HasRoom(Fd) && TryAccept(); i++)
            {
                // Each is one that a client believes to have.
            }
        }
        finally
        {
            CloseEntrance();
        }
    }

    /// <summary>Looks away for a while.</summary>
    /// <param name="error">What the kernel said.</param>
    public void Pause(int error)
    {
        if (_isPaused || IsStopped)
        {
            return;
        }

        if (_warnings.TryTake())
        {
            LogCannotAccept(EndPoint, error);
        }

        _isPaused = true;
        Loop.Modify(this, 0);
        Loop.Schedule(this, _pauseWithoutResources);
    }

    internal override void OnReady(uint events)
    {
        // The kernel makes a socket for each call, and throws it away when nobody waits.
        var accepted = 0;
        while (accepted < _pace.Most && !_isPaused && TryAccept())
        {
            accepted++;
        }

        _pace.Took(accepted, Loop.Round, Loop.LastWholeRound, MostPerRound);
    }

    internal override void OnDue()
    {
        if (!Descriptors.HasRoom(Fd))
        {
            // Accepting one to see it would take the reserve away one by one.
            Loop.Schedule(this, _pauseWithoutResources);
            return;
        }

        _isPaused = false;
        Loop.Modify(this, Libc.EpollIn);
    }

    /// <summary>A connection has come; the descriptor becomes the callee's.</summary>
    /// <param name="fd">Its socket.</param>
    /// <param name="remote">The client.</param>
    protected abstract void OnAccepted(int fd, in NativeAddress remote);

    /// <summary>A connection was reset, since its descriptor was one that the rest of the process needs.</summary>
    protected virtual void OnRefused()
    {
        // Only those that count have something to do.
    }

    /// <summary>The address of an accepted connection on this side; what is listened on when the kernel does not tell.</summary>
    protected IPEndPoint LocalEndPoint(int fd)
    {
        if (!_isAny)
        {
            return EndPoint;
        }

        NativeAddress address;
        uint length = NativeAddress.MaxLength;
        return Libc.LocalAddress(fd, &address, &length) == 0 ? new IPEndPoint(address.ToIPAddress(), address.Port) : EndPoint;
    }

    /// <summary>Whether it is worth trying to accept the next.</summary>
    private bool TryAccept()
    {
        NativeAddress remote;
        uint length = NativeAddress.MaxLength;
        var fd = Libc.Accept(Fd, &remote, &length, Libc.SocketNonBlocking | Libc.SocketCloseOnExec);
        if (fd < 0)
        {
            return OnNotAccepted(Libc.Errno);
        }

        if (Descriptors.IsReserved(fd))
        {
            Pause(Libc.ErrorFilesInProcess);
            if (Descriptors.IsOfLast(fd))
            {
                Libc.ResetAtClose(fd);
                _ = Libc.Close(fd);
                OnRefused();
                return true;
            }
        }

        OnAccepted(fd, remote);
        return true;
    }

    private bool OnNotAccepted(int error)
    {
        if (error == Libc.ErrorAgain)
        {
            return false;
        }

        if (Libc.IsOutOfResources(error))
        {
            Pause(error);
            return false;
        }

        // The client went away before it was accepted; Linux reports its network's errors here too.
        LogPeerGone(EndPoint, error);
        return true;
    }

    [LoggerMessage(LogLevel.Debug, "{EndPoint}: a client went away before it was accepted: error {Error}")]
    private partial void LogPeerGone(IPEndPoint endPoint, int error);

    [LoggerMessage(LogLevel.Warning, "{EndPoint}: cannot accept connections for now: error {Error}, out of descriptors or memory")]
    private partial void LogCannotAccept(IPEndPoint endPoint, int error);
}
