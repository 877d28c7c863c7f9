using System.Buffers;
using Gateway.Clusters;
using Gateway.Probing.Answers;
using Gateway.Probing.Connections;

namespace Gateway.Probing.Kinds;

/// <summary>Connects; then, if told to, shakes hands over TLS, sends and looks at the answers, step by step.</summary>
/// <remarks>
/// The check of piranha's nanny, in its words <c>send</c> and <c>expect</c>, but for two things: nanny reads once, so
/// that an answer in two segments fails, where this reads on until the answer is complete; and for nanny <c>*</c> is
/// passed by a connection that is closed without a byte, where this wants one byte at least. With
/// <see cref="ProbeOptions.Strict"/> it is nanny's, see <see cref="NannyAnswer"/>.
/// What came before a step's text is sent is not an answer to it, so it is dropped; a step that sends nothing reads on where
/// the step before ended.
/// <example>Send <c>GET / HTTP/1.0\r\n\r\n</c>, Expect <c>HTTP</c>; or Send nothing, Expect <c>220 </c>, for a mail
/// server's greeting.</example>
/// </remarks>
internal sealed class TcpProber(
    IReadOnlyList<Exchange> exchanges, ProbeTls? tls = null, string? serverName = null, NannyAnswer? nanny = null,
    byte[]? farewell = null)
    : IProber
{
    private const int FirstRoom = 512;

    public TcpProber(ProbeOptions options)
        : this(
            Exchange.AllOf(options), ProbeTls.Of(options), options.ServerName,
            options.Strict ? new NannyAnswer(options) : null)
    {
    }

    public Task<ProbeResult> ProbeAsync(ProbeTarget target, CancellationToken deadline) =>
        ProbeConnection.TalkAsync(target, tls, serverName, stream => ConverseAsync(stream, deadline), deadline);

    private async Task<ProbeResult> ConverseAsync(Stream stream, CancellationToken deadline)
    {
        var result = nanny is null
            ? await TalkAsync(stream, deadline)
            : await TalkAsNannyAsync(stream, nanny, deadline);
        if (result.Passed && farewell is not null)
        {
            await stream.WriteAsync(farewell, deadline);
        }

        return result;
    }

    private async Task<ProbeResult> TalkAsync(Stream stream, CancellationToken deadline)
    {
        var answer = new ArrayBufferWriter<byte>(FirstRoom);
        for (var i = 0; i < exchanges.Count; i++)
        {
            var (send, expected) = exchanges[i];
            if (send.Length > 0)
            {
                answer.ResetWrittenCount();
                await stream.WriteAsync(send, deadline);
            }

            if (expected is null)
            {
                continue;
            }

            var result = await Answer.ReadAsync(stream, answer, expected, deadline);
            if (!result.Passed)
            {
                return exchanges.Count == 1 ? result : result with { Detail = $"step {i + 1}: {result.Detail}" };
            }

            if (i + 1 < exchanges.Count)
            {
                answer = Rest(answer, expected.Used(answer.WrittenSpan));
            }
        }

        return new ProbeResult(ProbeOutcome.Passed);
    }

    private async Task<ProbeResult> TalkAsNannyAsync(Stream stream, NannyAnswer judge, CancellationToken deadline)
    {
        if (exchanges is [{ Send.Length: > 0 } first, ..])
        {
            await stream.WriteAsync(first.Send, deadline);
        }

        if (!judge.IsRead)
        {
            return new ProbeResult(ProbeOutcome.Passed);
        }

        var answer = new byte[judge.Wanted];
        return judge.Judge(answer.AsSpan(0, await stream.ReadAsync(answer, deadline)));
    }

    private static ArrayBufferWriter<byte> Rest(ArrayBufferWriter<byte> answer, int used)
    {
        var rest = new ArrayBufferWriter<byte>(FirstRoom);
        rest.Write(answer.WrittenSpan[used..]);
        return rest;
    }
}
