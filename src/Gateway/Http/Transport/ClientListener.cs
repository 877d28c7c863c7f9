using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Gateway.EventLoop;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Http.Transport;

/// <summary>One address, listened on by every loop with a socket of its own; the kernel spreads connections over them.
/// </summary>
internal sealed class ClientListener : IConnectionListener
{
    // Kestrel takes a connection within the call that offers it, on the loop's thread: all it does there is to have a thread of the
    // pool begin to serve it.
    private readonly Channel<ConnectionContext> _accepted = Channel.CreateUnbounded<ConnectionContext>(
        new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });

    private readonly IReadOnlyList<Socket> _sockets;
    private readonly List<ClientEntrance> _entrances = [];
    private readonly bool _defers;
    private readonly LeftListeners _left;
    private CancellationTokenRegistration _patience;
    private volatile bool _isLeft;
    private bool _isUnbound;

    /// <summary>Listens; throws <see cref="SocketException"/>.</summary>
    /// <param name="loops">The loops.</param>
    /// <param name="endPoint">The address.</param>
    /// <param name="defers">Whether the kernel keeps connections to itself until clients have sent something.</param>
    /// <param name="pools">Where the buffers of connections come from.</param>
    /// <param name="early">Who serves connections before Kestrel does; null is nobody.</param>
    /// <param name="left">Where it is told when this ends before the program does.</param>
    /// <param name="logger">Where trouble is told.</param>
    public ClientListener(
        HttpLoops loops, IPEndPoint endPoint, bool defers, IMemoryPoolFactory<byte> pools, IEarlyServer? early, LeftListeners left,
        ILogger logger)
    {
        _left = left;
        // As Kestrel's own: http://*:80 is IPv4 as well.
        _sockets = left.Take(endPoint) ?? ListenSocket.BindAll(
            endPoint, SocketType.Stream, loops.Places.Count, isDual: endPoint.Address.Equals(IPAddress.IPv6Any));
        try
        {
            foreach (var socket in _sockets)
            {
                // Accepted sockets inherit it.
                socket.NoDelay = true;
                _defers = defers && DeferredAccept.TryBegin(socket);
                ListenSocket.Listen(socket);
            }
        }
        catch (SocketException)
        {
            foreach (var socket in _sockets)
            {
                socket.Dispose();
            }

            throw;
        }

        EndPoint = _sockets[0].LocalEndPoint!;
        foreach (var (place, socket) in loops.Places.Zip(_sockets))
        {
            _entrances.Add(new ClientEntrance(this, place, socket, pools.Create(), _accepted.Writer, early, logger));
        }

        try
        {
            _entrances.ForEach(entrance => entrance.Loop.Run(entrance.Start));
        }
        catch (SocketException)
        {
            // Nobody is there to take what was accepted meanwhile.
            EndEarly();
            Stop();
            AbortEarly();
            while (_accepted.Reader.TryRead(out var connection))
            {
                connection.Abort();
            }

            throw;
        }
    }

    public EndPoint EndPoint { get; }

    /// <summary>Whether it was taken away while the program goes on, and Kestrel is to let go of its connections.</summary>
    public bool IsLeft
    {
        get => _isLeft;
        set => _isLeft = value;
    }

    /// <summary>Ends when those connections have ended of which Kestrel did not know when this was taken away.</summary>
    public Task EarlyEnded => Task.WhenAll(_entrances.Select(entrance => entrance.EarlyEnded));

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_accepted.Reader.TryRead(out var connection))
            {
                return connection;
            }
        }

        return null;
    }

    /// <summary>Takes the connections that clients believe to have, and no more; none, if the endpoint is to begin anew. Those of which Kestrel does not know end as soon
    /// as they have no request in progress; when the program stops, at the latest when the token fires.</summary>
    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        if (!_isUnbound)
        {
            _isUnbound = true;
            if (_left.IsLeaving && _left.IsWanted((IPEndPoint)EndPoint))
            {
                HandOn();
                return;
            }

            EndEarly();
            try
            {
                if (_defers)
                {
                    await DeferredAccept.EndAsync(_sockets, cancellationToken);
                }
            }
            finally
            {
                Stop();
                if (_left.IsLeaving)
                {
                    _left.Tell(this);
                }
                else
                {
                    _patience = cancellationToken.UnsafeRegister(static self => ((ClientListener)self!).AbortEarly(), this);
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_isUnbound)
        {
            await UnbindAsync();
            AbortEarly();
        }

        if (!IsLeft)
        {
            await EarlyEnded;
            await _patience.DisposeAsync();
        }
    }

    /// <summary>Resets the connections of which Kestrel does not know.</summary>
    public void AbortEarly() => _entrances.ForEach(entrance => entrance.Loop.Post(entrance.AbortEarly));

    private void EndEarly() => _entrances.ForEach(entrance => entrance.Loop.Run(entrance.EndEarly));

    /// <summary>Leaves the sockets, and the clients that wait there, to the next listener at the same address.</summary>
    private void HandOn()
    {
        _entrances.ForEach(entrance => entrance.Loop.Run(entrance.Release));
        EndEarly();
        _accepted.Writer.TryComplete();
        _left.Keep(EndPoint, _sockets);
        _left.Tell(this);
    }

    private void Stop()
    {
        _entrances.ForEach(entrance => entrance.Loop.Run(entrance.Stop));
        _accepted.Writer.TryComplete();
    }
}
