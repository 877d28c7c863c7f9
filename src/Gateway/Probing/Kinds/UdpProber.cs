using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.Probing.Answers;
using Gateway.Probing.Connections;

namespace Gateway.Probing.Kinds;

/// <summary>Sends a datagram and looks at the first one that comes back; without an expectation, silence is as good as an
/// answer, and only a refusal by ICMP is bad.</summary>
/// <remarks>The socket is connected, so the kernel takes datagrams of the destination only, and tells when it answered with
/// ICMP "port unreachable" (RFC 1122, section 4.1.3.3). An empty datagram is sent when there is nothing else to send.</remarks>
internal sealed class UdpProber(ProbeOptions options) : IProber
{
    private const int MaxDatagram = 64 * 1024;

    private readonly byte[] _send = Exchange.BytesOf(options.Send, options.SendHex);
    private readonly Expectation? _expected = Exchange.Of(options).Expected;
    private readonly NannyAnswer? _nanny = options.Strict ? new NannyAnswer(options) : null;

    public async Task<ProbeResult> ProbeAsync(ProbeTarget target, CancellationToken deadline)
    {
        var stage = ProbeStage.Connect;
        try
        {
            var endPoint = await ProbeSocket.ResolveAsync(target.EndPoint, deadline);
            using var socket = new Socket(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            await socket.ConnectAsync(endPoint, deadline);
            return await AskAsync(socket, deadline);
        }
        catch (Exception e) when (ProbeFault.Explain(e, stage) is { } fault)
        {
            return fault;
        }
    }

    private async Task<ProbeResult> AskAsync(Socket socket, CancellationToken deadline)
    {
        try
        {
            await socket.SendAsync(_send, SocketFlags.None, deadline);
            var answer = new byte[_nanny is null && _expected is null ? 1 : MaxDatagram];
            var length = await socket.ReceiveAsync(answer, SocketFlags.None, deadline);
            return _nanny?.Judge(answer.AsSpan(0, Math.Min(length, _nanny.Wanted)))
                ?? _expected?.Judge(answer.AsSpan(0, length), ended: true)
                ?? new ProbeResult(ProbeOutcome.Passed);
        }
        catch (OperationCanceledException) when (_nanny is null && _expected is null)
        {
            return new ProbeResult(ProbeOutcome.Passed, "not refused");
        }
        catch (OperationCanceledException)
        {
            return new ProbeResult(ProbeOutcome.TimedOut, "no answer");
        }
    }
}
