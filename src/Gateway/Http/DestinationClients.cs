using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Clusters;
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

    private readonly ConcurrentDictionary<DestinationStream, DestinationState> _open = new();

    public void CloseIdle(IReadOnlySet<DestinationState> destinations)
    {
        foreach (var (stream, state) in _open)
        {
            if (destinations.Contains(state))
            {
                stream.EndIdle();
            }
        }
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
        var socket = IPAddress.TryParse(endPoint.Host, out var ip)
            ? new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.NoDelay = true;
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

            return Open(socket, FindState(clusterId, endPoint));
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

    private DestinationStream Open(Socket socket, DestinationState? state)
    {
        var stream = new DestinationStream(socket, state, closed => _open.TryRemove(closed, out _));
        if (state is not null)
        {
            _open.TryAdd(stream, state);
        }

        return stream;
    }

    private DestinationState? FindState(string clusterId, DnsEndPoint endPoint)
    {
        foreach (var destination in store.Current.FindCluster(clusterId)?.Destinations ?? [])
        {
            if (destination.Options.Address.Port == endPoint.Port
                && string.Equals(destination.Options.Address.DnsSafeHost, endPoint.Host.Trim('[', ']'), StringComparison.OrdinalIgnoreCase))
            {
                return destination.State;
            }
        }

        return null;
    }
}
