using System.Net.Http.Headers;
using System.Text;
using Gateway.Clusters;
using Gateway.Probing.Answers;
using Gateway.Probing.Connections;

namespace Gateway.Probing.Kinds;

/// <summary>Asks the standard health service of gRPC for the health of a server or of one of its services.</summary>
/// <remarks>
/// <c>grpc.health.v1.Health/Check</c>, grpc/grpc doc/health-checking.md. A message is a byte 0 (not compressed), four bytes
/// of length and the message (grpc doc/PROTOCOL-HTTP2.md); the request has the service's name as field 1, the response the
/// status as field 1: 1 is SERVING.
/// </remarks>
internal sealed class GrpcProber(ProbeOptions options, ProbeTls? tls) : IProber
{
    private const int MaxAnswer = 1024;
    private const int PrefixBytes = 5;

    private readonly byte[] _message = Message(Encoding.UTF8.GetBytes(options.Service));

    public GrpcProber(ProbeOptions options)
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

    /// <summary>The status in a response's message; 0 when there is none, as protobuf leaves out a zero.</summary>
    internal static int StatusIn(ReadOnlySpan<byte> message) => message is [0x08, < 0x80 and var status, ..] ? status : 0;

    private static byte[] Message(byte[] service)
    {
        // Names are shorter than 128 bytes, the check of the configuration says, so a length is one byte.
        byte[] field = service.Length == 0 ? [] : [0x0a, (byte)service.Length, .. service];
        return [0, 0, 0, 0, (byte)field.Length, .. field];
    }

    private HttpRequestMessage Request(string scheme, ProbeTarget target, string host)
    {
        var request = new HttpRequestMessage(
            HttpMethod.Post, new Uri($"{scheme}://{target.Authority}/grpc.health.v1.Health/Check"))
        {
            Content = new ByteArrayContent(_message),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.Host = host;
        request.Headers.TryAddWithoutValidation("TE", "trailers");
        request.Headers.TryAddWithoutValidation("User-Agent", HttpRequestText.UserAgent);
        return request;
    }

    private static async Task<ProbeResult> JudgeAsync(HttpResponseMessage response, CancellationToken deadline)
    {
        if ((int)response.StatusCode != 200)
        {
            return new ProbeResult(ProbeOutcome.UnexpectedStatus, $"{(int)response.StatusCode}");
        }

        var answer = new byte[MaxAnswer];
        await using var body = await response.Content.ReadAsStreamAsync(deadline);
        var length = await body.ReadAtLeastAsync(answer, MaxAnswer, throwOnEndOfStream: false, deadline);
        if (StatusOf(response) is not "0" and var status)
        {
            return new ProbeResult(ProbeOutcome.UnexpectedStatus, $"grpc-status {Excerpt.Of(status ?? "missing")}");
        }

        return length < PrefixBytes
            ? new ProbeResult(ProbeOutcome.UnexpectedAnswer, "no message")
            : StatusIn(answer.AsSpan(PrefixBytes, length - PrefixBytes)) switch
            {
                1 => new ProbeResult(ProbeOutcome.Passed),
                2 => new ProbeResult(ProbeOutcome.UnexpectedAnswer, "NOT_SERVING"),
                3 => new ProbeResult(ProbeOutcome.UnexpectedAnswer, "SERVICE_UNKNOWN"),
                _ => new ProbeResult(ProbeOutcome.UnexpectedAnswer, "UNKNOWN"),
            };
    }

    // A response without a message has its trailers in the header.
    private static string? StatusOf(HttpResponseMessage response) =>
        response.TrailingHeaders.TryGetValues("grpc-status", out var values)
        || response.Headers.TryGetValues("grpc-status", out values)
            ? values.FirstOrDefault()
            : null;
}
