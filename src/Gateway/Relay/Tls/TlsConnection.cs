using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Relay.Tls;

/// <summary>A relayed connection whose TLS ends here, begins here, or both, on .NET sockets.</summary>
internal sealed class TlsConnection(
    Socket client, TlsTerms terms, VirtualServer virtualServer, ConnectionTable table, in Flow flow)
    : SocketConnection(client, virtualServer, table, flow), ITlsRelayed
{
    private readonly Socket _client = client;
    private Socket? _upstream;
    private TlsSide? _clientSide;
    private TlsSide? _upstreamSide;

    bool ITlsRelayed.IsAskedToEnd => IsAskedToEnd;

    void ITlsRelayed.CountSent(int bytes) => CountSent(bytes, Time.GetTimestamp());

    void ITlsRelayed.CountReceived(int bytes) => CountReceived(bytes, Time.GetTimestamp());

    bool ITlsRelayed.TryNoteEnd(ConnectionEnd finished)
    {
        // The end that TLS has is known to be orderly, and so is one that was asked for.
        var (side, socket) = finished == ConnectionEnd.Client ? (_clientSide!, _client) : (_upstreamSide!, _upstream);
        return TryNoteEnd(side.IsTls || IsAskedFor(finished) ? null : socket, finished);
    }

    protected override async Task<bool> TryAcceptAsync()
    {
        _clientSide = TlsSide.Over(new SocketTransport(_client, Ahead, Asked));
        try
        {
            if (terms.ForClients is { } options)
            {
                using var deadline = new CancellationTokenSource(HandshakeTimeLeft, Time);
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
        _upstreamSide = TlsSide.Over(new SocketTransport(upstream, new Ahead()));
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

    protected override async Task<bool> TrySaySorryAsync(byte[] body)
    {
        await _clientSide!.WriteAsync(body);
        return await _clientSide.TryFinishAsync();
    }

    protected override Task RelayAsync(Socket upstream)
    {
        _upstream = upstream;
        return new TlsDirections(_clientSide!, _upstreamSide!, this).RunAsync();
    }

    protected override void OnClosed()
    {
        _clientSide?.Dispose();
        _upstreamSide?.Dispose();
    }
}
