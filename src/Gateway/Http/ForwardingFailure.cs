using System.Net.Sockets;
using Gateway.Clusters;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Http;

/// <summary>How far an attempt to forward a request had come when it failed.</summary>
internal enum ForwardingStage
{
    /// <summary>No byte of the request can have reached the destination.</summary>
    NothingSent,

    /// <summary>The request was sent, wholly or in part, and no answer came.</summary>
    NoAnswer,

    /// <summary>The answer, or the upgraded connection, had begun.</summary>
    Answering,
}

/// <summary>What went wrong with one attempt to forward a request, in Gateway's words.</summary>
/// <param name="Reason">What the destination, or the client, is to blame for; null when neither is: the request reached a limit, of which
/// the client is told, or Gateway itself had nothing to connect with.</param>
/// <param name="Stage">How far the attempt had come.</param>
internal readonly record struct ForwardingFailure(FailureReason? Reason, ForwardingStage Stage)
{
    // Of Kestrel, whose reason for it is internal.
    private const string UnexpectedEnd = "Unexpected end of request content.";

    /// <summary>Whether Gateway itself was out of file descriptors, memory or local ports. Another destination may have a kept connection,
    /// and ports of its own.</summary>
    public bool IsShortage => Reason is null && Stage == ForwardingStage.NothingSent;

    /// <summary>
    /// Whether another destination may be given the same request: always when nothing was sent; when the destination broke
    /// off without a byte of an answer only if <see cref="MayRepeat(HttpContext, ResetRetry)"/>, since it may have acted on the request.
    /// </summary>
    public bool AllowsAnotherTry(HttpContext context, ResetRetry onReset) =>
        AllowsAnotherTry(context.Request.Method, HasBody(context), onReset);

    /// <summary>The same of a request with this method.</summary>
    public bool AllowsAnotherTry(string method, bool hasBody, ResetRetry onReset) => Stage switch
    {
        ForwardingStage.NothingSent => true,
        ForwardingStage.NoAnswer => Reason == FailureReason.ResponseBroken && MayRepeat(method, hasBody, onReset),
        _ => false,
    };

    /// <summary>Whether a request that was sent may be sent again: its method is one of those, and it had no body
    /// (RFC 9110, section 9.2.2).</summary>
    public static bool MayRepeat(HttpContext context, ResetRetry methods) =>
        MayRepeat(context.Request.Method, HasBody(context), methods);

    /// <summary>What YARP says of the attempt that just ended.</summary>
    public static ForwarderError ErrorOf(HttpContext context) =>
        context.Features.Get<IForwarderErrorFeature>()?.Error ?? ForwarderError.None;

    /// <summary>The failure of the attempt that just ended, or null when it succeeded.</summary>
    public static ForwardingFailure? Of(HttpContext context)
    {
        if (context.Features.Get<IForwarderErrorFeature>() is not { Error: not ForwarderError.None } feature)
        {
            return null;
        }

        if (ClientAbort.IsTimeout(context))
        {
            return new(FailureReason.ResponseTimeout, ForwardingStage.Answering);
        }

        if (feature.Error == ForwarderError.RequestBodyClient && IsRefusal(feature.Exception))
        {
            return new(null, ForwardingStage.Answering);
        }

        return Of(feature.Error, feature.Exception);
    }

    /// <summary>The failure that a forwarder told like this.</summary>
    public static ForwardingFailure Of(ForwarderError error, Exception? exception) => error switch
    {
        ForwarderError.Request => OfRequest(exception),
        ForwarderError.RequestTimedOut => new(FailureReason.ResponseTimeout, ForwardingStage.NoAnswer),
        ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled or ForwarderError.RequestBodyClient
            or ForwarderError.ResponseBodyCanceled or ForwarderError.ResponseBodyClient
            or ForwarderError.UpgradeRequestCanceled or ForwarderError.UpgradeRequestClient
            or ForwarderError.UpgradeResponseCanceled or ForwarderError.UpgradeResponseClient
            => new(FailureReason.ClientAborted, ForwardingStage.Answering),
        ForwarderError.UpgradeActivityTimeout => new(FailureReason.ResponseTimeout, ForwardingStage.Answering),
        _ => new(FailureReason.ResponseBroken, ForwardingStage.Answering),
    };

    /// <summary>Whether the server took no more of the body: too large, too slow, or not framed as it should be.</summary>
    /// <remarks>A client that left is told in the same way, and the token that tells of it may be cancelled later.</remarks>
    private static bool IsRefusal(Exception? exception) => exception switch
    {
        null => false,
        BadHttpRequestException bad => bad.Message != UnexpectedEnd,
        AggregateException { InnerExceptions: var all } => all.Any(IsRefusal),
        _ => IsRefusal(exception.InnerException),
    };

    private static bool MayRepeat(string method, bool hasBody, ResetRetry methods) =>
        methods != ResetRetry.Never
        && !hasBody
        && (IsSafe(method)
            || (methods == ResetRetry.Idempotent && (HttpMethods.IsPut(method) || HttpMethods.IsDelete(method))));

    private static bool HasBody(HttpContext context) =>
        context.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false };

    private static ForwardingFailure OfRequest(Exception? exception) => exception switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } e => new(OfSocket(e), ForwardingStage.NothingSent),
        HttpRequestException
        {
            HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
        } => new(FailureReason.ConnectError, ForwardingStage.NothingSent),
        _ => new(FailureReason.ResponseBroken, ForwardingStage.NoAnswer),
    };

    private static bool IsSafe(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method) || HttpMethods.IsTrace(method);

    private static FailureReason? OfSocket(HttpRequestException exception) =>
        (exception.InnerException as SocketException)?.SocketErrorCode switch
        {
            SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable or SocketError.AddressNotAvailable => null,
            SocketError.ConnectionRefused => FailureReason.ConnectRefused,
            SocketError.TimedOut => FailureReason.ConnectTimeout,
            _ => FailureReason.ConnectError,
        };
}
