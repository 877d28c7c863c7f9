using Gateway.Clusters;
using Gateway.Probing.Answers;
using Gateway.Probing.Connections;

namespace Gateway.Probing.Kinds;

/// <summary>Asks once over HTTP/2, with prior knowledge or over TLS, and judges as <see cref="HttpProber"/> does.</summary>
internal sealed class Http2Prober(ProbeOptions options, ProbeTls? tls) : IProber
{
    private readonly HttpExpectation _expected = new(options);
    private readonly HttpMethod _method = new(options.Method);
    private readonly string _path = HttpRequestText.PathOf(options);

    public Http2Prober(ProbeOptions options)
        : this(options, ProbeTls.Of(options))
    {
    }

    public Task<ProbeResult> ProbeAsync(ProbeTarget target, CancellationToken deadline)
    {
        var host = HttpRequestText.HostOf(options, target, tls is null ? 80 : 443);
        return Http2Connection.AskAsync(
            target, tls, options.ServerName ?? ProbeTarget.HostOf(host), scheme => Request(scheme, target, host),
            response => JudgeAsync(response, deadline), deadline);
    }

    private HttpRequestMessage Request(string scheme, ProbeTarget target, string host)
    {
        var request = new HttpRequestMessage(_method, new Uri($"{scheme}://{target.Authority}{target.PathBase}{_path}"));
        request.Headers.Host = host;
        request.Headers.TryAddWithoutValidation("User-Agent", HttpRequestText.UserAgent);
        foreach (var (name, value) in options.Headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private async Task<ProbeResult> JudgeAsync(HttpResponseMessage response, CancellationToken deadline)
    {
        if (_expected.Judge((int)response.StatusCode) is { } decided)
        {
            return decided;
        }

        await using var body = await response.Content.ReadAsStreamAsync(deadline);
        return await _expected.JudgeAsync(body, deadline);
    }
}
