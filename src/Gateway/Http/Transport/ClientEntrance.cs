using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Gateway.EventLoop;
using Gateway.ProxyProtocol;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Http.Transport;

/// <summary>The part of a listener that lives on one loop: accepts, and starts the connections on the same loop.</summary>
internal sealed partial class ClientEntrance : LoopSocket
{
    // Connections already accepted get their turn in between.
    private const int MostPerTurn = 64;

    // No queue of the kernel's is longer than this.
    private const int MostWaiting = 65536;

    private static readonly TimeSpan _pauseWithoutResources = TimeSpan.FromMilliseconds(200);

    private readonly LoopPlace _place;
    private readonly Socket _socket;
    private readonly ChannelWriter<ConnectionContext> _accepted;
    private readonly PipeOptions _input;
    private readonly PipeOptions _output;
    private readonly IPEndPoint? _local;
    private readonly int _port;
    private readonly EarlyConnections? _early;
    private readonly ILogger _logger;
    private readonly WarningPace _warnings;
    private bool _isPaused;

    /// <param name="place">The loop.</param>
    /// <param name="socket">Its listening socket, which becomes this object's.</param>
    /// <param name="pool">Where the buffers of connections come from.</param>
    /// <param name="accepted">Where Kestrel takes its connections from.</param>
    /// <param name="early">Who serves connections before Kestrel does; null is nobody.</param>
    /// <param name="logger">Where trouble is told.</param>
    public ClientEntrance(
        LoopPlace place, Socket socket, MemoryPool<byte> pool, ChannelWriter<ConnectionContext> accepted, IEarlyServer? early,
        ILogger logger)
        : base(place.Loop, (int)socket.Handle)
    {
        _place = place;
        _socket = socket;
        _accepted = accepted;
        _logger = logger;
        _warnings = new WarningPace(place.Loop.Time);

        // What is received is used on the loop at once; what Kestrel sends from elsewhere comes over to it.
        var loop = new LoopScheduler(place.Loop);
        _input = new PipeOptions(pool, PipeScheduler.Inline, loop, 256 * 1024, 128 * 1024, useSynchronizationContext: false);
        _output = new PipeOptions(pool, loop, PipeScheduler.Inline, 64 * 1024, 32 * 1024, useSynchronizationContext: false);

        _early = early is null ? null : new EarlyConnections(place, early, Give);

        // A listener on one address knows the local address of every connection without asking.
        var local = (IPEndPoint)socket.LocalEndPoint!;
        _port = local.Port;
        _local = local.Address.Equals(IPAddress.Any) || local.Address.Equals(IPAddress.IPv6Any) ? null : local;
    }

    /// <summary>Begins to take clients in; on the loop's thread, as <see cref="Stop"/>.</summary>
    public void Start()
    {
        if (Loop.Add(this, Libc.EpollIn) is not 0 and var error)
        {
            throw new SocketException(error);
        }
    }

    /// <summary>Ends when the connections have ended of which Kestrel did not know at <see cref="Stop"/>.</summary>
    public Task EarlyEnded => _early?.Ended ?? Task.CompletedTask;

    /// <summary>Takes the connections the kernel has already established, then closes the socket.</summary>
    public void Stop()
    {
        _early?.End();
        for (var i = 0; i < MostWaiting && Descriptors.HasRoom(Fd) && TryAccept(); i++)
        {
            // Each is one that a client believes to have.
        }

        Loop.Remove(this);
        _socket.Dispose();
    }

    /// <summary>Resets the connections of which Kestrel does not know; on the loop's thread.</summary>
    public void AbortEarly() => _early?.Abort();

    internal override void OnReady(uint events)
    {
        for (var i = 0; i < MostPerTurn && !_isPaused && TryAccept(); i++)
        {
            // The kernel says when there is none left.
        }
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

    internal override void OnFault()
    {
        // One client's trouble; the next is welcome.
    }

    private unsafe bool TryAccept()
    {
        NativeAddress address;
        uint length = NativeAddress.MaxLength;
        var fd = Libc.Accept(Fd, &address, &length, Libc.SocketNonBlocking | Libc.SocketCloseOnExec);
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
                return true;
            }
        }

        var remote = new IPEndPoint(address.ToIPAddress(), address.Port);
        var local = _local ?? LocalAddress(fd);
        if (_early is { IsOn: true })
        {
            _early.Open(fd, remote, local);
        }
        else
        {
            Give(new GivenConnection(fd, remote, local, IsIntroduced: false, IsWatched: false, default));
        }

        return true;
    }

    /// <summary>Gives a connection to Kestrel.</summary>
    private void Give(GivenConnection given)
    {
        var connection = new ClientConnection(_place, given.Fd, given.Remote, given.Local, _input, _output);
        if (given.IsIntroduced)
        {
            connection.Features.Set(ProxyHeaderTaken.Feature);
        }

        if (connection.TryStart(given.IsWatched, given.Received.Span) && !_accepted.TryWrite(connection))
        {
            // Kestrel takes no more: it has stopped.
            connection.End();
        }
    }

    /// <summary>Whether it is worth trying to accept the next.</summary>
    private bool OnNotAccepted(int error)
    {
        switch (error)
        {
            case Libc.ErrorAgain:
                return false;

            case Libc.ErrorFilesInProcess or Libc.ErrorFilesInSystem or Libc.ErrorNoBuffers or Libc.ErrorOutOfMemory:
                Pause(error);
                return false;

            default:
                // The client went away before it was accepted; Linux reports its network's errors here too.
                return true;
        }
    }

    /// <summary>Looks away for a while: connections wait in the kernel's queue until some others are closed.</summary>
    private void Pause(int error)
    {
        if (_isPaused)
        {
            return;
        }

        if (_warnings.TryTake())
        {
            LogCannotAccept(_port, error);
        }

        _isPaused = true;
        Loop.Modify(this, 0);
        Loop.Schedule(this, _pauseWithoutResources);
    }

    private unsafe IPEndPoint LocalAddress(int fd)
    {
        NativeAddress address;
        uint length = NativeAddress.MaxLength;
        return Libc.LocalAddress(fd, &address, &length) == 0
            ? new IPEndPoint(address.ToIPAddress(), address.Port)
            : new IPEndPoint(IPAddress.Any, _port);
    }

    [LoggerMessage(LogLevel.Warning, "Port {Port}: cannot accept connections for now: error {Error}, out of descriptors or memory")]
    private partial void LogCannotAccept(int port, int error);
}
