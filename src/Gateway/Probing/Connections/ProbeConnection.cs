using System.Net.Sockets;

namespace Gateway.Probing.Connections;

/// <summary>The TCP connection of one probe: opened, secured if asked for, talked over and closed with an ordinary end. What
/// goes wrong on the way is a result.</summary>
internal static class ProbeConnection
{
    /// <param name="target">Where to connect.</param>
    /// <param name="tls">Null speaks without TLS.</param>
    /// <param name="serverName">TLS: the name to ask for and to look for in the certificate.</param>
    /// <param name="talk">What is said once the connection stands.</param>
    /// <param name="deadline">Ends all of it.</param>
    public static async Task<ProbeResult> TalkAsync(
        ProbeTarget target, ProbeTls? tls, string? serverName, Func<Stream, Task<ProbeResult>> talk, CancellationToken deadline)
    {
        Socket? socket = null;
        var stage = ProbeStage.Connect;
        try
        {
            socket = await ProbeSocket.ConnectAsync(target.EndPoint, deadline);
            stage = tls is null ? ProbeStage.Answer : ProbeStage.Handshake;
            await using var plain = new NetworkStream(socket, ownsSocket: false);
            await using var secure = tls is null
                ? null
                : await tls.SecureAsync(plain, serverName ?? target.TlsName, deadline);
            stage = ProbeStage.Answer;
            return await talk((Stream?)secure ?? plain);
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
}
