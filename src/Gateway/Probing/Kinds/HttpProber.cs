using System.Text;
using Gateway.Clusters;
using Gateway.Probing.Answers;
using Gateway.Probing.Connections;

namespace Gateway.Probing.Kinds;

/// <summary>Asks once over HTTP/1.1, on a connection of its own, and looks at the status and, if told to, at the body.
/// </summary>
/// <remarks>Redirects are not followed: a destination that redirects is judged by its 3xx, as the status set says. Without TLS it is as
/// strict about line ends as the forwarder, which would answer 502 for a destination that passes; an agent is not forwarded to.</remarks>
internal sealed class HttpProber : IProber
{
    private readonly ProbeOptions _options;
    private readonly ProbeTls? _tls;
    private readonly HttpExpectation _expected;
    private readonly bool _isStrict;
    private readonly string _path;
    private readonly string _tail;

    /// <exception cref="FormatException">A status set is none; configuration that was validated never has such a one.
    /// </exception>
    public HttpProber(ProbeOptions options, ProbeTls? tls = null)
    {
        _options = options;
        _tls = tls;
        _expected = new HttpExpectation(options);
        _isStrict = options.Kind == "http";
        _path = HttpRequestText.PathOf(options);
        _tail = HttpRequestText.TailOf(options);
    }

    public Task<ProbeResult> ProbeAsync(ProbeTarget target, CancellationToken deadline)
    {
        var host = HttpRequestText.HostOf(_options, target, _tls is null ? 80 : 443);
        return ProbeConnection.TalkAsync(
            target, _tls, _tls is null ? null : _options.ServerName ?? ProbeTarget.HostOf(host),
            stream => AskAsync(stream, target, host, JudgeAsync, deadline), deadline);
    }

    /// <summary>Asks over a connection that stands, and gives status and body to <paramref name="judge"/>.</summary>
    public async Task<ProbeResult> AskAsync(
        Stream connection, ProbeTarget target, string host,
        Func<int, Stream, CancellationToken, Task<ProbeResult>> judge, CancellationToken deadline)
    {
        var request = $"{_options.Method} {target.PathBase}{_path} HTTP/1.1\r\nHost: {host}\r\n{_tail}";
        await connection.WriteAsync(Encoding.UTF8.GetBytes(request), deadline);
        var response = new HttpResponseReader(connection, _options.Method == "HEAD", _isStrict);
        var status = await response.ReadStatusAsync(deadline);
        return await judge(status, response.Body, deadline);
    }

    private async Task<ProbeResult> JudgeAsync(int status, Stream body, CancellationToken deadline) =>
        _expected.Judge(status) ?? await _expected.JudgeAsync(body, deadline);
}
