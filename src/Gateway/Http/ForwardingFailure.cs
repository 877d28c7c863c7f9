using System.Net.Sockets;
using Gateway.Clusters;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Http;

/// <summary>What went wrong with one attempt to forward a request, in Gateway's words.</summary>
/// <param name="Reason">Whose fault it was, and which.</param>
/// <param name="IsBeforeSending">Whether no byte of the request can have reached the destination, so that any other
/// destination may be tried whatever the method.</param>
internal readonly record struct ForwardingFailure(FailureReason Reason, bool IsBeforeSending)
{
    /// <summary>The failure of the attempt that just ended, or null when it succeeded.</summary>
    public static ForwardingFailure? Of(HttpContext context)
    {
        if (context.Features.Get<IForwarderErrorFeature>() is not { Error: not ForwarderError.None } feature)
        {
            return null;
        }

        return feature.Error switch
        {
            ForwarderError.Request => OfRequest(feature.Exception),
            ForwarderError.RequestTimedOut => new(FailureReason.ResponseTimeout, false),
            ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled or ForwarderError.RequestBodyClient
                or ForwarderError.ResponseBodyCanceled or ForwarderError.ResponseBodyClient
                or ForwarderError.UpgradeRequestCanceled or ForwarderError.UpgradeRequestClient
                or ForwarderError.UpgradeResponseCanceled or ForwarderError.UpgradeResponseClient
                => new(FailureReason.ClientAborted, false),
            ForwarderError.UpgradeActivityTimeout => new(FailureReason.ResponseTimeout, false),
            _ => new(FailureReason.ResponseBroken, false),
        };
    }

    private static ForwardingFailure OfRequest(Exception? exception) => exception switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } e => new(OfSocket(e), true),
        HttpRequestException
        {
            HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
        } => new(FailureReason.ConnectError, true),
        _ => new(FailureReason.ResponseBroken, false),
    };

    private static FailureReason OfSocket(HttpRequestException exception) =>
        (exception.InnerException as SocketException)?.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => FailureReason.ConnectRefused,
            SocketError.TimedOut => FailureReason.ConnectTimeout,
            _ => FailureReason.ConnectError,
        };
}
