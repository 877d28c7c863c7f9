using System.Net.Sockets;
using System.Text;
using Gateway.Clusters;

namespace Gateway.Probing;

/// <summary>Connects; then, if told to, sends a text and looks at the answer.</summary>
/// <remarks>
/// The check of piranha's nanny, in its words <c>send</c> and <c>expect</c>, but for two things: nanny reads once, so
/// that an answer in two segments fails, where this reads on until the answer is complete; and for nanny <c>*</c> is
/// passed by a connection that is closed without a byte, where this wants one byte at least.
/// <example>Send <c>GET / HTTP/1.0\r\n\r\n</c>, Expect <c>HTTP</c>; or Send nothing, Expect <c>220 </c>, for a mail
/// server's greeting.</example>
/// </remarks>
internal sealed class TcpProber(ProbeOptions options) : IProber
{
    private readonly byte[] _send = Encoding.UTF8.GetBytes(options.Send);

    private readonly Expectation? _expected = options switch
    {
        { Expect: "" } => null,
        { Regex: true } => Expectation.Matching(options.Expect),
        { Expect: "*" } => Expectation.Anything,
        _ => Expectation.Prefix(options.Expect),
    };

    public async Task<ProbeResult> ProbeAsync(ProbeTarget target, CancellationToken deadline)
    {
        Socket? socket = null;
        try
        {
            socket = await ProbeSocket.ConnectAsync(target.EndPoint, deadline);
            return await TalkAsync(socket, deadline);
        }
        catch (Exception e) when (
            ProbeFault.Explain(e, socket is null ? ProbeStage.Connect : ProbeStage.Answer) is { } fault)
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

    private async Task<ProbeResult> TalkAsync(Socket socket, CancellationToken deadline)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: false);
        if (_send.Length > 0)
        {
            await stream.WriteAsync(_send, deadline);
        }

        return _expected is null
            ? new ProbeResult(ProbeOutcome.Passed)
            : await Answer.ReadAsync(stream, _expected, deadline);
    }
}
