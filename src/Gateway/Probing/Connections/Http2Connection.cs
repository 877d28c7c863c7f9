using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Gateway.Probing.Connections;

/// <summary>One HTTP/2 connection for one request, over TLS or, as both sides know it beforehand, without.</summary>
/// <remarks>RFC 9113, sections 3.2 and 3.3. The library's client speaks the protocol; this only hands it the one connection,
/// so that it cannot make another.</remarks>
internal static class Http2Connection
{
    /// <summary>Sends the request that <paramref name="make"/> makes, and gives the answer's header to
    /// <paramref name="judge"/>.</summary>
    public static async Task<ProbeResult> AskAsync(
        ProbeTarget target, ProbeTls? tls, string serverName,
        Func<string, HttpRequestMessage> make, Func<HttpResponseMessage, Task<ProbeResult>> judge, CancellationToken deadline)
    {
        var stage = ProbeStage.Connect;
        try
        {
            using var socket = await ProbeSocket.ConnectAsync(target.EndPoint, deadline);
            stage = tls is null ? ProbeStage.Answer : ProbeStage.Handshake;
            // The handler ends a read that is late by disposing the stream, so the stream must own the socket.
            await using var plain = new NetworkStream(socket, ownsSocket: true);
            await using var secure = tls is null
                ? null
                : await tls.SecureAsync(plain, serverName, deadline, SslApplicationProtocol.Http2);
            if (secure is not null && secure.NegotiatedApplicationProtocol != SslApplicationProtocol.Http2)
            {
                return new ProbeResult(ProbeOutcome.UnexpectedAnswer, "no HTTP/2 by ALPN");
            }

            stage = ProbeStage.Answer;
            using var client = new HttpMessageInvoker(Handler((Stream?)secure ?? plain));
            using var request = make(tls is null ? "http" : "https");
            request.Version = HttpVersion.Version20;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
            using var response = await client.SendAsync(request, deadline);
            return await judge(response);
        }
        catch (Exception e) when (ProbeFault.Explain(e, stage) is { } fault)
        {
            return fault;
        }
    }

    // A handler that outlived the probe could give the connection of one probe to the next.
    private static SocketsHttpHandler Handler(Stream connection)
    {
        var handler = new SocketsHttpHandler
        {
            ActivityHeadersPropagator = null,
            AllowAutoRedirect = false,
            MaxResponseDrainSize = 0,
            PooledConnectionLifetime = TimeSpan.Zero,
            UseCookies = false,
            UseProxy = false,
        };
        var taken = false;
        handler.ConnectCallback = (_, _) =>
        {
            // It asks again when the connection was closed without a byte of an answer. A probe looks once.
            if (taken)
            {
                throw new HttpIOException(HttpRequestError.ResponseEnded);
            }

            taken = true;
            return ValueTask.FromResult(connection);
        };
        return handler;
    }
}
