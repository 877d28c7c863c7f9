using System.Net;
using System.Net.Sockets;
using Gateway.EventLoop;

namespace Gateway.Http.Forwarding;

/// <summary>A connection to a destination on a .NET socket, for requests that are on no event loop.</summary>
internal sealed class SocketUpstream : Upstream
{
    private readonly Socket _socket;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private TimeSpan _limit;
    private UpstreamEnd _ifDue;
    private long _moved;

    private SocketUpstream(UpstreamTarget target, Socket socket, TimeProvider time)
        : base(target)
    {
        _socket = socket;
        _time = time;
        _timer = time.CreateTimer(
            static state => ((SocketUpstream)state!).OnDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    // What was in progress ends some time after the socket is closed.
    public override bool IsStill => false;

    public override bool IsQuiet(bool isRough) => !_socket.Poll(0, SelectMode.SelectRead);

    /// <summary>Connects to the first address of the target that takes it.</summary>
    /// <exception cref="SocketException">None did, or the name has no address.</exception>
    public static async ValueTask<Upstream> ConnectAsync(
        UpstreamTarget target, UpstreamPool pool, TimeProvider time, CancellationToken cancellation)
    {
        var since = time.GetTimestamp();
        var addresses = await target.ResolveAsync(cancellation);
        var error = new SocketException((int)SocketError.HostNotFound);
        for (var i = 0; i < addresses.Length; i++)
        {
            var address = addresses[i];
            using var limit = new CancellationTokenSource(target.PatienceFor(since, addresses.Length - i), time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
            var socket = Descriptors.OpenStream(address.AddressFamily);
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, target.Port), either.Token);
                return new SocketUpstream(target, socket, time) { Pool = pool };
            }
            catch (SocketException e)
            {
                socket.Dispose();
                error = e;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                socket.Dispose();
                error = new SocketException((int)SocketError.TimedOut);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw error;
    }

    public override async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        try
        {
            var received = await _socket.ReceiveAsync(buffer);
            Touch();
            Target.State?.CountReceived(received);
            return received;
        }
        catch (ObjectDisposedException)
        {
            throw Aborted();
        }
    }

    public override async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                var sent = await _socket.SendAsync(bytes);
                Touch();
                Target.State?.CountSent(sent);
                bytes = bytes[sent..];
            }
        }
        catch (ObjectDisposedException)
        {
            throw Aborted();
        }
    }

    public override void Begin(TimeSpan activityTimeout) => Watch(activityTimeout, UpstreamEnd.ActivityTimeout);

    public override void Touch() => Volatile.Write(ref _moved, _time.GetTimestamp());

    public override void Rest() => Watch(Target.IdleTimeout, UpstreamEnd.Done);

    protected override void CloseSocket()
    {
        _timer.Dispose();
        _socket.Dispose();
    }

    private void Watch(TimeSpan limit, UpstreamEnd ifDue)
    {
        lock (_gate)
        {
            Touch();
            _limit = limit;
            _ifDue = ifDue;
            _timer.Change(limit, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnDue()
    {
        // The lock keeps a limit that is over from ending what began since.
        lock (_gate)
        {
            var still = _limit - _time.GetElapsedTime(Volatile.Read(ref _moved));
            if (still > TimeSpan.Zero)
            {
                // Rounded up to what a timer can tell.
                _timer.Change(still + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
            }
            else if (_ifDue != UpstreamEnd.Done || Pool.Forget(this))
            {
                Close(WaitsFor is null ? _ifDue : UpstreamEnd.ClientGone);
            }
        }
    }
}
