using System.Net;
using System.Net.Sockets;
using Gateway.EventLoop;

namespace Gateway.Http.Forwarding;

/// <summary>A connection to a destination on an event loop. What is asked of it on the loop's thread is done at once; from
/// elsewhere it is handed over.</summary>
internal sealed class LoopUpstream : Upstream
{
    private readonly Loop _loop;
    private readonly UpstreamSocket _socket;

    private LoopUpstream(UpstreamTarget target, Loop loop, int fd)
        : base(target)
    {
        _loop = loop;
        _socket = new UpstreamSocket(loop, fd, this);
    }

    // On the loop nothing is in progress beside the call that is.
    public override bool IsStill => _loop.IsCurrentThread && _socket.IsClosed;

    public override bool IsQuiet(bool isRough) => _socket.IsQuiet(isRough);

    /// <summary>Connects to the first address of the target that takes it; completes on the loop's thread.</summary>
    /// <exception cref="SocketException">None did, or the name has no address.</exception>
    public static ValueTask<Upstream> ConnectAsync(UpstreamTarget target, UpstreamPool pool, Loop loop)
    {
        var since = loop.Time.GetTimestamp();
        var addresses = target.ResolveAsync();
        return addresses.IsCompletedSuccessfully
            ? ConnectToFirstAsync(target, addresses.Result, since, pool, loop)
            : ResolveAndConnectAsync();

        async ValueTask<Upstream> ResolveAndConnectAsync()
        {
            IPAddress[] found;
            try
            {
                found = await target.ResolveAsync(CancellationToken.None);
            }
            finally
            {
                await loop.SwitchAsync();
            }

            return await ConnectToFirstAsync(target, found, since, pool, loop);
        }
    }

    /// <summary>Receives what there is, on the loop's thread; 0 is the end of the stream, -1 that nothing has come, or that it is the
    /// turn of others.</summary>
    /// <exception cref="SocketException">The connection is broken, or <see cref="Upstream.Close"/> was called.</exception>
    public int TryReceive(Span<byte> buffer) => _socket.TryReceive(buffer);

    /// <summary>Moves what there is, as far as wanted, into an empty pipe, on the loop's thread; 0 when reading is to tell why nothing
    /// can be moved, -1 that nothing has come, or that it is the turn of others.</summary>
    /// <exception cref="SocketException">The connection is broken, or <see cref="Upstream.Close"/> was called.</exception>
    public int TryReceiveInto(Pipe pipe, long wanted) => _socket.TryReceiveInto(pipe, wanted);

    /// <summary>Waits until there is something to receive, on the loop's thread.</summary>
    /// <exception cref="SocketException">The connection was closed from this side.</exception>
    public ValueTask<int> ReadableAsync() => _socket.ReadableAsync();

    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) =>
        _loop.IsCurrentThread ? _socket.ReceiveAsync(buffer) : ReceiveFromElsewhereAsync(buffer);

    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes) =>
        _loop.IsCurrentThread ? _socket.SendAsync(bytes) : SendFromElsewhereAsync(bytes);

    public override void Begin(TimeSpan activityTimeout) => _socket.Watch(activityTimeout, UpstreamEnd.ActivityTimeout);

    public override void Touch() => _socket.Touch();

    public override void Rest() => _socket.Watch(Target.IdleTimeout, UpstreamEnd.Done);

    /// <summary>Closes an idle connection, unless somebody has taken it.</summary>
    public void CloseIdle()
    {
        if (Pool.Forget(this))
        {
            Close(UpstreamEnd.Done);
        }
    }

    protected override void CloseSocket()
    {
        if (_loop.IsCurrentThread)
        {
            _socket.Close();
        }
        else
        {
            _loop.Post(_socket.Close);
        }
    }

    private static async ValueTask<Upstream> ConnectToFirstAsync(
        UpstreamTarget target, IPAddress[] addresses, long since, UpstreamPool pool, Loop loop)
    {
        var error = Libc.ErrorHostUnreachable;
        for (var i = 0; i < addresses.Length; i++)
        {
            var patience = target.PatienceFor(since, addresses.Length - i);
            var fd = Open(new NativeAddress(addresses[i], target.Port), out error);
            if (fd < 0)
            {
                continue;
            }

            var upstream = new LoopUpstream(target, loop, fd) { Pool = pool };
            error = await upstream._socket.ConnectAsync(isConnected: error == 0, patience);
            if (error == 0)
            {
                return upstream;
            }

            upstream.Close(UpstreamEnd.Done);
        }

        throw ToException(error);
    }

    /// <summary>Opens a socket and begins to connect; -1 when that is not possible. The error is 0 when it is connected
    /// already, as over loopback.</summary>
    private static unsafe int Open(NativeAddress address, out int error)
    {
        var fd = Descriptors.OpenSocket(address.Family, Libc.SocketStream, out error);
        if (fd < 0)
        {
            return fd;
        }

        _ = Libc.SetOption(fd, Libc.LevelTcp, Libc.TcpNoDelay, 1);
        error = Libc.Connect(fd, &address, address.Length) == 0 ? 0 : Libc.Errno;
        if (error is 0 or Libc.ErrorInProgress)
        {
            return fd;
        }

        _ = Libc.Close(fd);
        return -1;
    }

    private static SocketException ToException(int error) => new((int)(error switch
    {
        Libc.ErrorConnectionRefused => SocketError.ConnectionRefused,
        Libc.ErrorTimedOut => SocketError.TimedOut,
        Libc.ErrorHostUnreachable => SocketError.HostUnreachable,
        Libc.ErrorNetworkUnreachable => SocketError.NetworkUnreachable,
        Libc.ErrorAddressNotAvailable => SocketError.AddressNotAvailable,
        Libc.ErrorFilesInProcess or Libc.ErrorFilesInSystem => SocketError.TooManyOpenSockets,
        Libc.ErrorNoBuffers or Libc.ErrorOutOfMemory or Libc.ErrorNoSpace => SocketError.NoBufferSpaceAvailable,
        _ => SocketError.SocketError,
    }));

    private async ValueTask<int> ReceiveFromElsewhereAsync(Memory<byte> buffer)
    {
        await _loop.SwitchAsync();
        return await _socket.ReceiveAsync(buffer);
    }

    private async ValueTask SendFromElsewhereAsync(ReadOnlyMemory<byte> bytes)
    {
        await _loop.SwitchAsync();
        await _socket.SendAsync(bytes);
    }
}
