using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Gateway.Clusters;
using Gateway.EventLoop;
using Gateway.ProxyProtocol;
using Gateway.Scheduling;

namespace Gateway.Relay.Tls;

/// <summary>A relayed connection whose TLS ends here, begins here, or both, on an event loop: handshakes, encryption and
/// bytes are all done on its thread.</summary>
/// <remarks>What is awaited here completes on the loop's thread, except where .NET takes another one, to save the stack; so
/// each part that follows an await makes sure of it.</remarks>
internal sealed class LoopTlsConnection(
    TcpEntrance entrance, int client, TlsTerms terms, VirtualServer virtualServer, ConnectionTable table, in Flow flow)
    : LoopConnecting(entrance, client, virtualServer, table, flow)
{
    private TlsSide? _clientSide;
    private TlsSide? _upstreamSide;
    private bool _isAccepting;
    private volatile bool _isAskedToEnd;

    /// <summary>The time of what is being waited for is over: of the client's handshake, or of a destination.</summary>
    public override void OnConnectTimeout()
    {
        if (_isAccepting)
        {
            Refuse();
        }
        else
        {
            base.OnConnectTimeout();
        }
    }

    protected override LoopEnd NewEnd(int fd, bool isClient) => new AwaitedEnd(Loop, fd, this, isClient);

    protected override void StopReadingClient()
    {
        _isAskedToEnd = true;
        base.StopReadingClient();
    }

    /// <summary>Agrees with the client before any destination hears of it.</summary>
    protected override void OnLed()
    {
        if (!ClientEnd.TryWatch())
        {
            Close(ConnectionEnd.Failed);
            return;
        }

        var end = (AwaitedEnd)ClientEnd;
        end.IsOpen = true;
        _clientSide = TlsSide.Over(new LoopTransport(end));
        if (terms.ForClients is { } options)
        {
            _ = GuardAsync(AcceptAsync(options));
        }
        else
        {
            base.OnLed();
        }
    }

    protected override void OnConnected() => _ = GuardAsync(SecureAsync((AwaitedEnd)Upstream!, Destination!));

    protected override void StartRelaying() => _ = GuardAsync(RelayAsync(_clientSide!, _upstreamSide!));

    protected override void OnReleased()
    {
        _clientSide?.Dispose();
        _upstreamSide?.Dispose();
    }

    private async Task AcceptAsync(SslServerAuthenticationOptions options)
    {
        _isAccepting = true;
        Loop.Schedule(ClientEnd, VirtualServer.Options.HandshakeTimeout);
        try
        {
            await _clientSide!.AcceptAsync(options, CancellationToken.None);
            await Loop.SwitchAsync();
        }
        catch (Exception e) when (e is IOException or AuthenticationException or ObjectDisposedException)
        {
            await Loop.SwitchAsync();
            Refuse();
            return;
        }

        if (!IsReleased)
        {
            _isAccepting = false;
            Loop.Cancel(ClientEnd);
            base.OnLed();
        }
    }

    private void Refuse()
    {
        TrySetEnd(ConnectionEnd.Handshake);
        Finish(reset: true);
    }

    /// <summary>Agrees with a destination that was just connected to, within its connect timeout.</summary>
    private async Task SecureAsync(AwaitedEnd end, Destination destination)
    {
        end.IsOpen = true;
        var side = TlsSide.Over(new LoopTransport(end));
        try
        {
            await SendHeaderAsync(end);
            if (terms.For(destination) is { } options)
            {
                await side.ConnectAsync(options, CancellationToken.None);
            }

            await Loop.SwitchAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException or CryptographicException
            or UnauthorizedAccessException or ObjectDisposedException)
        {
            await Loop.SwitchAsync();
            side.Dispose();
            if (!end.IsClosed)
            {
                // To the one who picks destinations, one that cannot be trusted is one that cannot be reached.
                GiveUpDestination(FailureReason.ConnectError);
            }

            return;
        }

        if (end.IsClosed)
        {
            side.Dispose();
        }
        else
        {
            _upstreamSide = side;
            base.OnConnected();
        }
    }

    private async Task SendHeaderAsync(AwaitedEnd end)
    {
        if (VirtualServer.Options.ProxyProtocol.Send != 0)
        {
            var buffer = new byte[ProxyHeaderWriter.MaxLength];
            await end.SendAsync(buffer.AsMemory(0, WriteProxyHeader(buffer)));
        }
    }

    private async Task RelayAsync(TlsSide near, TlsSide far)
    {
        await Task.WhenAll(SendAsync(near, far), ReceiveAsync(far, near));
        await Loop.SwitchAsync();
        Finish(reset: IsEnding);
    }

    private async Task SendAsync(TlsSide near, TlsSide far)
    {
        var end = await TlsPump.RunAsync(near, far, bytes => CountSent(bytes, Loop.Now));
        if (end == PumpEnd.Finished)
        {
            end = near.IsCut && !_isAskedToEnd ? PumpEnd.SourceBroken : await PassOnAsync(far, ConnectionEnd.Client);
        }

        CloseIfBroken(end, ConnectionEnd.ClientReset, ConnectionEnd.DestinationReset);
    }

    private async Task ReceiveAsync(TlsSide far, TlsSide near)
    {
        var end = await TlsPump.RunAsync(far, near, bytes => CountReceived(bytes, Loop.Now));
        if (end == PumpEnd.Finished)
        {
            end = far.IsCut ? PumpEnd.SourceBroken : await PassOnAsync(near, ConnectionEnd.Destination);
        }

        CloseIfBroken(end, ConnectionEnd.DestinationReset, ConnectionEnd.ClientReset);
    }

    private async Task<PumpEnd> PassOnAsync(TlsSide target, ConnectionEnd finished)
    {
        CountHalfClosed(finished);
        return await target.TryFinishAsync() ? PumpEnd.Finished : PumpEnd.TargetBroken;
    }

    private void CloseIfBroken(PumpEnd end, ConnectionEnd sourceBroken, ConnectionEnd targetBroken)
    {
        if (end != PumpEnd.Finished)
        {
            Close(end == PumpEnd.SourceBroken ? sourceBroken : targetBroken);
        }
    }

    private async Task GuardAsync(Task work)
    {
        try
        {
            await work;
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }
}
