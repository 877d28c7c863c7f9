using System.Buffers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Relay.Tls;

/// <summary>A relayed connection whose TLS ends here, begins here, or both; on .NET sockets, whatever the engine.</summary>
internal sealed class TlsConnection(
    Socket client, TlsTerms terms, VirtualServer virtualServer, ConnectionTable table, in Flow flow)
    : SocketConnection(client, virtualServer, table, flow)
{
    // What one record of TLS holds.
    private const int BufferSize = 16 * 1024;

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
        _clientSide = TlsSide.On(_client, TakeAhead());
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
        _upstreamSide = TlsSide.On(upstream, default);
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
        await Task.WhenAll(
            PumpAsync(near, far, ConnectionEnd.Client, ConnectionEnd.ClientReset, ConnectionEnd.DestinationReset),
            PumpAsync(far, near, ConnectionEnd.Destination, ConnectionEnd.DestinationReset, ConnectionEnd.ClientReset));
    }

    protected override void OnClosed()
    {
        _clientSide?.Dispose();
        _upstreamSide?.Dispose();
    }

    private async Task PumpAsync(
        TlsSide source, TlsSide target, ConnectionEnd finished, ConnectionEnd sourceBroken, ConnectionEnd targetBroken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        var broken = sourceBroken;
        try
        {
            while (await source.ReadAsync(buffer) is var length and > 0)
            {
                broken = targetBroken;
                await target.WriteAsync(buffer.AsMemory(0, length));
                broken = sourceBroken;
                Count(finished, length);
            }

            if (source.IsCut && !(_isAskedToEnd && finished == ConnectionEnd.Client))
            {
                Close(sourceBroken);
                return;
            }

            if (!TryNoteEnd(source.PlainSocket, finished))
            {
                Close(sourceBroken);
                return;
            }

            broken = targetBroken;
            await target.FinishAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            Close(broken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Count(ConnectionEnd source, int length)
    {
        if (source == ConnectionEnd.Client)
        {
            CountSent(length, Time.GetTimestamp());
        }
        else
        {
            CountReceived(length, Time.GetTimestamp());
        }
    }
}
