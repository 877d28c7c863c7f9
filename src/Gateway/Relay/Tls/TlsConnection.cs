using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Relay.Tls;

/// <summary>A relayed connection whose TLS ends here, begins here, or both, on .NET sockets.</summary>
internal sealed class TlsConnection(
    Socket client, TlsTerms terms, VirtualServer virtualServer, ConnectionTable table, in Flow flow)
    : SocketConnection(client, virtualServer, table, flow)
{
    private readonly Socket _client = client;
    private TlsSide? _clientSide;
    private TlsSide? _upstreamSide;
    private volatile bool _isAskedToEnd;

    protected override void StopReadingClient()
    {
        _isAskedToEnd = true;
        base.StopReadingClient();
    }

    protected override async Task<bool> TryAcceptAsync()
    {
        _clientSide = TlsSide.Over(new SocketTransport(_client, TakeAhead()));
        try
        {
            if (terms.ForClients is { } options)
            {
                using var deadline = new CancellationTokenSource(VirtualServer.Options.HandshakeTimeout, Time);
                await _clientSide.AcceptAsync(options, deadline.Token);
            }

            return true;
        }
        catch (Exception e) when (e is IOException or AuthenticationException or OperationCanceledException or ObjectDisposedException)
        {
            TrySetEnd(ConnectionEnd.Handshake);
            return false;
        }
    }

    protected override async Task SecureAsync(Socket upstream, Destination destination, CancellationToken deadline)
    {
        await SendHeaderAsync(upstream);
        _upstreamSide?.Dispose();
        _upstreamSide = TlsSide.Over(new SocketTransport(upstream, default));
        try
        {
            if (terms.For(destination) is { } options)
            {
                await _upstreamSide.ConnectAsync(options, deadline);
            }
        }
        catch (Exception e) when (e is IOException or AuthenticationException or CryptographicException or UnauthorizedAccessException)
        {
            // To the one who picks destinations, one that cannot be trusted is one that cannot be reached.
            throw new SocketException((int)SocketError.ConnectionAborted);
        }
    }

    protected override async Task RelayAsync(Socket upstream)
    {
        var (near, far) = (_clientSide!, _upstreamSide!);
        await Task.WhenAll(SendAsync(near, far), ReceiveAsync(far, upstream, near));
    }

    protected override void OnClosed()
    {
        _clientSide?.Dispose();
        _upstreamSide?.Dispose();
    }

    private async Task SendAsync(TlsSide near, TlsSide far)
    {
        var end = await TlsPump.RunAsync(near, far, bytes => CountSent(bytes, Time.GetTimestamp()));
        if (end == PumpEnd.Finished)
        {
            end = near.IsCut && !_isAskedToEnd ? PumpEnd.SourceBroken : await PassOnAsync(near, _client, far, ConnectionEnd.Client);
        }

        CloseIfBroken(end, ConnectionEnd.ClientReset, ConnectionEnd.DestinationReset);
    }

    private async Task ReceiveAsync(TlsSide far, Socket upstream, TlsSide near)
    {
        var end = await TlsPump.RunAsync(far, near, bytes => CountReceived(bytes, Time.GetTimestamp()));
        if (end == PumpEnd.Finished)
        {
            end = far.IsCut ? PumpEnd.SourceBroken : await PassOnAsync(far, upstream, near, ConnectionEnd.Destination);
        }

        CloseIfBroken(end, ConnectionEnd.DestinationReset, ConnectionEnd.ClientReset);
    }

    private async Task<PumpEnd> PassOnAsync(TlsSide source, Socket socket, TlsSide target, ConnectionEnd finished) =>
        !TryNoteEnd(source.IsTls ? null : socket, finished) ? PumpEnd.SourceBroken
        : await target.TryFinishAsync() ? PumpEnd.Finished
        : PumpEnd.TargetBroken;
}
