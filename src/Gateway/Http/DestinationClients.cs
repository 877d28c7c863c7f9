using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Clusters;
using Gateway.EventLoop;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Http;

/// <summary>The HTTP client of each cluster: YARP's, with Gateway's own way to connect.</summary>
/// <remarks>
/// The stock handler reports a connect that timed out like a request that timed out, so one could not tell whether trying
/// another destination is safe. Here connecting has its own limit and fails as a connection error. Idle connections are
/// dropped before the keep-alive limit of common servers (5 s), because a POST on a connection that the server is
/// closing cannot be repeated.
/// </remarks>
internal sealed class DestinationClients(ClusterStore store, TimeProvider time) : ForwarderHttpClientFactory, IIdleConnections
{
    /// <summary>Where the idle time of kept connections travels through YARP, which makes a new client when it changes.
    /// </summary>
    public const string IdleTimeoutKey = "Gateway.IdleTimeout";

    private static readonly TimeSpan _connectTimeout = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan _idleTimeout = TimeSpan.FromSeconds(4);

    private readonly ConcurrentDictionary<DestinationStream, Origin> _open = new();

    public bool CloseIdle(IReadOnlySet<DestinationState> destinations)
    {
        var areAllClosed = true;

        // All of one origin at once, since a connection may carry the requests of each of them.
        var areLeft = new Dictionary<Origin, bool>();
        foreach (var (stream, origin) in _open)
        {
            if (!areLeft.TryGetValue(origin, out var isLeft))
            {
                var users = UsersOf(origin);
                areLeft[origin] = isLeft = users.Length > 0 && users.All(destinations.Contains);
            }

            if (isLeft && stream.MayBeInUse)
            {
                areAllClosed = false;
            }
            else if (isLeft)
            {
                stream.EndIdle();
            }
        }

        return areAllClosed;
    }

    protected override bool CanReuseOldClient(ForwarderHttpClientContext context) =>
        base.CanReuseOldClient(context) && IdleTimeoutOf(context.OldMetadata) == IdleTimeoutOf(context.NewMetadata);

    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        base.ConfigureHandler(context, handler);
        // Header bytes pass as they are: Kestrel reads and writes them as Latin-1 too, in which every byte is a character.
        handler.RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1;
        handler.ResponseHeaderEncodingSelector = (_, _) => Encoding.Latin1;
        var clusterId = context.ClusterId;
        handler.PooledConnectionIdleTimeout = IdleTimeoutOf(context.NewMetadata);
        handler.ConnectTimeout = Timeout.InfiniteTimeSpan;
        handler.ConnectCallback = (connect, cancellation) => ConnectAsync(clusterId, connect.DnsEndPoint, cancellation);
    }

    private static TimeSpan IdleTimeoutOf(IReadOnlyDictionary<string, string>? metadata) =>
        TimeSpan.TryParse(metadata?.GetValueOrDefault(IdleTimeoutKey), CultureInfo.InvariantCulture, out var idle) ? idle : _idleTimeout;

    private async ValueTask<Stream> ConnectAsync(string clusterId, DnsEndPoint endPoint, CancellationToken cancellation)
    {
        _ = IPAddress.TryParse(endPoint.Host, out var ip);
        var socket = Descriptors.OpenStream(ip?.AddressFamily);
        var patience = store.Current.FindCluster(clusterId)?.Options.ConnectTimeout ?? _connectTimeout;
        using var limit = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            if (ip is null)
            {
                await socket.ConnectAsync(endPoint, either.Token);
            }
            else
            {
                await socket.ConnectAsync(new IPEndPoint(ip, endPoint.Port), either.Token);
            }

            return Open(socket, new Origin(clusterId, endPoint));
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            socket.Dispose();
            throw new SocketException((int)SocketError.TimedOut);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private DestinationStream Open(Socket socket, Origin origin)
    {
        var users = UsersOf(origin);
        var stream = new DestinationStream(socket, users, closed => _open.TryRemove(closed, out _));
        if (users.Length > 0)
        {
            _open.TryAdd(stream, origin);
        }

        return stream;
    }

    /// <summary>The destinations whose requests may be on a connection to an origin, in the order of the configuration.</summary>
    private DestinationState[] UsersOf(Origin origin) =>
    [
        .. from destination in store.Current.FindCluster(origin.ClusterId)?.Destinations ?? []
           where origin.IsOf(destination.Options.Address)
           select destination.State,
    ];

    /// <summary>What the client of a cluster keeps connections by, if it is not the scheme too: it knows no destinations.</summary>
    private sealed record Origin(string ClusterId, DnsEndPoint EndPoint)
    {
        public bool IsOf(Uri address) => address.Port == EndPoint.Port
            && string.Equals(address.DnsSafeHost, EndPoint.Host.Trim('[', ']'), StringComparison.OrdinalIgnoreCase);
    }
}
