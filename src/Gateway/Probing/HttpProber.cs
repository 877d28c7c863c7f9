using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;

namespace Gateway.Probing;

/// <summary>Asks once over HTTP/1.1, on a connection of its own, and looks at the status and, if told to, at the body.
/// </summary>
/// <remarks>Redirects are not followed: a destination that redirects is judged by its 3xx, as the status set says.
/// </remarks>
internal sealed class HttpProber : IProber
{
    private readonly ProbeOptions _options;
    private readonly ProbeTls? _tls;
    private readonly HttpMethod _method;
    private readonly StatusSet _status;
    private readonly Expectation? _body;

    /// <exception cref="FormatException">The status set or the method is not one; configuration that was validated never
    /// has such a one.</exception>
    public HttpProber(ProbeOptions options, ProbeTls? tls = null)
    {
        _options = options;
        _tls = tls;
        _method = new HttpMethod(options.Method);
        _status = StatusSet.Parse(options.Status);
        _body = options.Body.Length == 0 ? null : Expectation.Containing(options.Body);
    }

    public async Task<ProbeResult> ProbeAsync(ProbeTarget target, CancellationToken deadline)
    {
        var stage = ProbeStage.Connect;
        try
        {
            using var request = Request(target);
            using var socket = await ProbeSocket.ConnectAsync(target.EndPoint, deadline);
            stage = _tls is null ? ProbeStage.Answer : ProbeStage.Handshake;
            // The handler ends a read that is late by disposing the stream, so the stream must own the socket.
            await using var plain = new NetworkStream(socket, ownsSocket: true);
            await using var secure = _tls is null
                ? null
                : await _tls.SecureAsync(plain, NameIn(request.Headers.Host!), deadline);
            stage = ProbeStage.Answer;
            return await AskAsync((Stream?)secure ?? plain, request, deadline);
        }
        catch (Exception e) when (ProbeFault.Explain(e, stage) is { } fault)
        {
            return fault;
        }
    }

    private async Task<ProbeResult> AskAsync(Stream connection, HttpRequestMessage request, CancellationToken deadline)
    {
        using var client = new HttpMessageInvoker(Handler(connection));
        using var response = await client.SendAsync(request, deadline);
        if (!_status.Contains((int)response.StatusCode))
        {
            return new ProbeResult(
                ProbeOutcome.UnexpectedStatus, ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture));
        }

        if (_body is null)
        {
            return new ProbeResult(ProbeOutcome.Passed);
        }

        await using var body = await response.Content.ReadAsStreamAsync(deadline);
        var result = await Answer.ReadAsync(body, _body, deadline);
        return result.Outcome is ProbeOutcome.UnexpectedAnswer or ProbeOutcome.Closed
            ? result with { Outcome = ProbeOutcome.UnexpectedBody }
            : result;
    }

    private HttpRequestMessage Request(ProbeTarget target)
    {
        var path = _options.Path.StartsWith('/') ? _options.Path : "/" + _options.Path;
        var request = new HttpRequestMessage(_method, new Uri($"http://{target.Authority}{target.PathBase}{path}"))
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Host = _options.Host ?? target.Host ?? WithoutDefaultPort(target.Authority);
        request.Headers.ConnectionClose = true;
        request.Headers.TryAddWithoutValidation("User-Agent", "Gateway-Probe");
        return request;
    }

    private string WithoutDefaultPort(string authority)
    {
        var suffix = _tls is null ? ":80" : ":443";
        return authority.EndsWith(suffix, StringComparison.Ordinal) ? authority[..^suffix.Length] : authority;
    }

    private static string NameIn(string host) => new Uri($"https://{host}").DnsSafeHost;

    // A handler for each probe: it does nothing but write the request to the connection it is given and read the answer.
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
