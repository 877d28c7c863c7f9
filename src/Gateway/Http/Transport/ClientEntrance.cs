using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Gateway.EventLoop;
using Gateway.ProxyProtocol;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Http.Transport;

/// <summary>The part of a listener that lives on one loop: starts the connections it accepts on the same loop.</summary>
internal sealed class ClientEntrance : StreamEntrance
{
    private readonly ClientListener _listener;
    private readonly LoopPlace _place;
    private readonly ChannelWriter<ConnectionContext> _accepted;
    private readonly PipeOptions _input;
    private readonly PipeOptions _output;
    private readonly EarlyConnections? _early;

    /// <param name="listener">What it is part of.</param>
    /// <param name="place">The loop.</param>
    /// <param name="socket">Its listening socket, which becomes this object's.</param>
    /// <param name="pool">Where the buffers of connections come from.</param>
    /// <param name="accepted">Where Kestrel takes its connections from.</param>
    /// <param name="early">Who serves connections before Kestrel does; null is nobody.</param>
    /// <param name="logger">Where trouble is told.</param>
    public ClientEntrance(
        ClientListener listener, LoopPlace place, Socket socket, MemoryPool<byte> pool, ChannelWriter<ConnectionContext> accepted,
        IEarlyServer? early, ILogger logger)
        : base(place.Loop, socket, logger)
    {
        _listener = listener;
        _place = place;
        _accepted = accepted;

        // What is received is used on the loop at once; what Kestrel sends from elsewhere comes over to it.
        var loop = new LoopScheduler(place.Loop);
        _input = new PipeOptions(pool, PipeScheduler.Inline, loop, 256 * 1024, 128 * 1024, useSynchronizationContext: false);
        _output = new PipeOptions(pool, loop, PipeScheduler.Inline, 64 * 1024, 32 * 1024, useSynchronizationContext: false);

        _early = early is null ? null : new EarlyConnections(place, early, Give);
    }

    /// <summary>Ends when the connections have ended of which Kestrel did not know at <see cref="EndEarly"/>.</summary>
    public Task EarlyEnded => _early?.Ended ?? Task.CompletedTask;

    /// <summary>Lets the connections of which Kestrel does not know end as soon as they have no request in progress; those that come
    /// from now on are Kestrel's. On the loop's thread.</summary>
    public void EndEarly() => _early?.End();

    /// <summary>Resets the connections of which Kestrel does not know; on the loop's thread.</summary>
    public void AbortEarly() => _early?.Abort();

    protected override void OnAccepted(int fd, in NativeAddress remote)
    {
        var client = new IPEndPoint(remote.ToIPAddress(), remote.Port);
        var local = LocalEndPoint(fd);
        if (_early is { IsOn: true })
        {
            _early.Open(fd, client, local);
        }
        else
        {
            Give(new GivenConnection(fd, client, local, IsIntroduced: false, IsWatched: false, default));
        }
    }

    /// <summary>Gives a connection to Kestrel.</summary>
    private void Give(GivenConnection given)
    {
        var connection = new ClientConnection(_listener, _place, given.Fd, given.Remote, given.Local, _input, _output);
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
}
