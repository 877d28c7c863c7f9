using System.Net.Sockets;
using System.Security.Authentication;
using Gateway.Probing.Answers;

namespace Gateway.Probing.Connections;

/// <summary>Turns the exceptions of sockets, TLS and HTTP into outcomes.</summary>
internal static class ProbeFault
{
    /// <summary>What <paramref name="exception"/> says of the destination; null when it says nothing, which is a bug of
    /// ours and must not be hidden.</summary>
    public static ProbeResult? Explain(Exception exception, ProbeStage stage) => exception switch
    {
        OperationCanceledException => new ProbeResult(
            stage == ProbeStage.Connect ? ProbeOutcome.ConnectTimedOut : ProbeOutcome.TimedOut,
            stage == ProbeStage.Handshake ? "in the TLS handshake" : ""),
        AuthenticationException => new ProbeResult(ProbeOutcome.TlsFailed, Excerpt.Of(exception.Message)),
        IOException or SocketException when stage == ProbeStage.Handshake =>
            new ProbeResult(ProbeOutcome.TlsFailed, "closed in the handshake"),
        SocketException socket => Explain(socket.SocketErrorCode, stage),
        InvalidAnswerException invalid => new ProbeResult(ProbeOutcome.UnexpectedAnswer, $"not HTTP: {invalid.Rule}"),
        HttpIOException http => Explain(http.HttpRequestError, http),
        HttpRequestException http => Explain(http.HttpRequestError, http),
        IOException { InnerException: SocketException socket } => Explain(socket.SocketErrorCode, stage),
        IOException => new ProbeResult(ProbeOutcome.Closed, Excerpt.Of(exception.Message)),
        _ => null,
    };

    private static ProbeResult Explain(SocketError error, ProbeStage stage) => error switch
    {
        // No address available is no local port left: the destination was not even asked.
        SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable or SocketError.AddressNotAvailable =>
            new ProbeResult(ProbeOutcome.LocalFailure, $"{error}"),
        SocketError.ConnectionReset => new ProbeResult(ProbeOutcome.Closed, "reset"),
        _ when stage == ProbeStage.Answer => new ProbeResult(ProbeOutcome.Closed, $"{error}"),
        SocketError.ConnectionRefused => new ProbeResult(ProbeOutcome.ConnectRefused),
        SocketError.TimedOut => new ProbeResult(ProbeOutcome.ConnectTimedOut),
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain or SocketError.NoRecovery =>
            new ProbeResult(ProbeOutcome.NameNotFound),
        _ => new ProbeResult(ProbeOutcome.Unreachable, $"{error}"),
    };

    private static ProbeResult Explain(HttpRequestError error, Exception exception) => error switch
    {
        HttpRequestError.ResponseEnded => new ProbeResult(ProbeOutcome.Closed, "before the end of the answer"),
        HttpRequestError.InvalidResponse => new ProbeResult(ProbeOutcome.UnexpectedAnswer, "not HTTP"),
        HttpRequestError.ConfigurationLimitExceeded =>
            new ProbeResult(ProbeOutcome.UnexpectedAnswer, "header of more than 64 KiB"),
        _ when exception.InnerException is SocketException or IOException =>
            Explain(exception.InnerException, ProbeStage.Answer)!.Value,
        _ => new ProbeResult(ProbeOutcome.UnexpectedAnswer, Excerpt.Of(exception.Message)),
    };
}
