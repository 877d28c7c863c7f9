using System.Buffers;
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
/// <remarks>What is awaited here completes on the loop's thread, except where .NET takes another one, to save the stack. So
/// what touches a socket, the timers or the connection's state switches to the loop first; counting and closing can be done
/// from anywhere.</remarks>
internal sealed class LoopTlsConnection(
    TcpEntrance entrance, int client, TlsTerms terms, VirtualServer virtualServer, ConnectionTable table, in Flow flow)
    : LoopConnecting(entrance, client, virtualServer, table, flow), ITlsRelayed
{
    private const int DiscardSize = 4 * 1024;

    private TlsSide? _clientSide;
    private TlsSide? _upstreamSide;
    private bool _isAccepting;

    bool ITlsRelayed.IsAskedToEnd => IsAskedToEnd;

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

    void ITlsRelayed.CountSent(int bytes) => CountSent(bytes, Loop.Now);

    void ITlsRelayed.CountReceived(int bytes) => CountReceived(bytes, Loop.Now);

    bool ITlsRelayed.TryNoteEnd(ConnectionEnd finished)
    {
        CountHalfClosed(finished);
        return true;
    }

    protected override LoopEnd NewEnd(int fd, bool isClient) => new AwaitedEnd(Loop, fd, this, isClient);

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
            _ = GuardAsync(AcceptAsync(end, options));
        }
        else
        {
            base.OnLed();
        }
    }

    protected override void OnConnected()
    {
        KeepToAddress();
        _ = GuardAsync(SecureAsync((AwaitedEnd)Upstream!, Destination!));
    }

    protected override void StartRelaying() => _ = GuardAsync(RelayAsync(_clientSide!, _upstreamSide!));

    protected override void StopReadingClient() => Loop.Post(
        () =>
        {
            if (!IsReleased)
            {
                ((AwaitedEnd)ClientEnd).StopReceiving();
            }
        },
        OnFault);

    protected override void SaySorry(byte[] body) => _ = GuardAsync(SaySorryAsync((AwaitedEnd)ClientEnd, body));

    protected override void OnReleased()
    {
        _clientSide?.Dispose();
        _upstreamSide?.Dispose();
    }

    private async Task AcceptAsync(AwaitedEnd end, SslServerAuthenticationOptions options)
    {
        _isAccepting = true;
        end.IsShakingHands = true;
        Loop.Schedule(ClientEnd, HandshakeTimeLeft);
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
            end.IsShakingHands = false;
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
                end.IsShakingHands = true;
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

        end.IsShakingHands = false;
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
        await new TlsDirections(near, far, this).RunAsync();
        await Loop.SwitchAsync();
        if (IsAskedToEnd && !IsReleased)
        {
            await PartAsync((AwaitedEnd)ClientEnd);
        }

        Finish(reset: IsEnding);
    }

    /// <summary>Reads what the client still sends, which may not know yet that it was asked to end.</summary>
    private async Task PartAsync(AwaitedEnd end)
    {
        BeginParting();
        end.ReceiveOn();
        try
        {
            await TryDiscardAsync(end);
        }
        catch (SocketException)
        {
            // The client is gone, or has had its time.
        }

        await Loop.SwitchAsync();
    }

    private async Task SaySorryAsync(AwaitedEnd end, byte[] body)
    {
        var isOrderly = false;
        try
        {
            await _clientSide!.WriteAsync(body);
            CountSorry(body.Length);
            if (await _clientSide.TryFinishAsync())
            {
                await Loop.SwitchAsync();
                isOrderly = await TryDiscardAsync(end);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // The client is gone, or has had its time.
        }

        await Loop.SwitchAsync();
        Finish(reset: !isOrderly);
    }

    /// <summary>Reads what the client still sends; true when it closes.</summary>
    private static async Task<bool> TryDiscardAsync(AwaitedEnd end)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(DiscardSize);
        try
        {
            for (var discarded = 0; discarded < MostDiscarded;)
            {
                if (await end.ReceiveAsync(buffer) is not (> 0 and var received))
                {
                    return true;
                }

                discarded += received;
            }

            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
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
