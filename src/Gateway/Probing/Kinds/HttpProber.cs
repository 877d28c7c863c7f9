using System.Net.Sockets;
using System.Text;
using Gateway.Clusters;
using Gateway.Probing.Answers;
using Gateway.Probing.Connections;

namespace Gateway.Probing.Kinds;

/// <summary>Asks once over HTTP/1.1, on a connection of its own, and looks at the status and, if told to, at the body.
/// </summary>
/// <remarks>Redirects are not followed: a destination that redirects is judged by its 3xx, as the status set says.
/// </remarks>
internal sealed class HttpProber : IProber
{
    private readonly ProbeOptions _options;
    private readonly ProbeTls? _tls;
    private readonly HttpExpectation _expected;
    private readonly string _path;
    private readonly string _tail;

    /// <exception cref="FormatException">A status set is none; configuration that was validated never has such a one.
    /// </exception>
    public HttpProber(ProbeOptions options, ProbeTls? tls = null)
    {
        _options = options;
        _tls = tls;
        _expected = new HttpExpectation(options);
        _path = HttpRequestText.PathOf(options);
        _tail = HttpRequestText.TailOf(options);
    }

    public async Task<ProbeResult> ProbeAsync(ProbeTarget target, CancellationToken deadline)
    {
        Socket? socket = null;
        var stage = ProbeStage.Connect;
        try
        {
            socket = await ProbeSocket.ConnectAsync(target.EndPoint, deadline);
            await using var plain = new NetworkStream(socket, ownsSocket: false);
            var host = HttpRequestText.HostOf(_options, target, _tls is null ? 80 : 443);
            stage = _tls is null ? ProbeStage.Answer : ProbeStage.Handshake;
            await using var secure = _tls is null
                ? null
                : await _tls.SecureAsync(plain, _options.ServerName ?? ProbeTarget.HostOf(host), deadline);
            stage = ProbeStage.Answer;
            return await AskAsync((Stream?)secure ?? plain, target, host, JudgeAsync, deadline);
        }
        catch (Exception e) when (ProbeFault.Explain(e, stage) is { } fault)
        {
            return fault;
        }
        finally
        {
            if (socket is not null)
            {
                ProbeSocket.Close(socket);
            }
        }
    }

    /// <summary>Asks over a connection that stands, and gives status and body to <paramref name="judge"/>.</summary>
    public async Task<ProbeResult> AskAsync(
        Stream connection, ProbeTarget target, string host,
        Func<int, Stream, CancellationToken, Task<ProbeResult>> judge, CancellationToken deadline)
    {
        var request = $"{_options.Method} {target.PathBase}{_path} HTTP/1.1\r\nHost: {host}\r\n{_tail}";
        await connection.WriteAsync(Encoding.UTF8.GetBytes(request), deadline);
        var response = new HttpResponseReader(connection, _options.Method == "HEAD");
        var status = await response.ReadStatusAsync(deadline);
        return await judge(status, response.Body, deadline);
    }

    private async Task<ProbeResult> JudgeAsync(int status, Stream body, CancellationToken deadline) =>
        _expected.Judge(status) ?? await _expected.JudgeAsync(body, deadline);
}
