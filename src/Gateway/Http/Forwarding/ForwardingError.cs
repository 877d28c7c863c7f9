using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Http.Forwarding;

/// <summary>What went wrong, where YARP's own forwarder would leave it.</summary>
internal sealed record ForwardingError(ForwarderError Error, Exception? Exception) : IForwarderErrorFeature
{
    /// <summary>An answer ended, or was wrong, within its body.</summary>
    public static HttpRequestException Ended(ResponseHead head, ResponseBodyEnd end) => end == ResponseBodyEnd.Bad
        ? new HttpRequestException(HttpRequestError.InvalidResponse, "a chunk that is not allowed")
        : new HttpRequestException(
            HttpRequestError.ResponseEnded, $"The answer of status {head.Status} ended before its body did.");

    /// <summary>The client sent nothing more of its body.</summary>
    public static BadHttpRequestException ClientTooSlow(Exception exception) =>
        new("The client sent nothing for the activity timeout.", StatusCodes.Status408RequestTimeout, exception);

    /// <summary>There was no answer that could be passed on.</summary>
    public static HttpRequestException NoAnswer(ResponseHead head, Answer answer, Exception? exception) => answer == Answer.Bad
        ? new HttpRequestException(HttpRequestError.InvalidResponse, head.Fault)
        : new HttpRequestException(HttpRequestError.ResponseEnded, "The destination closed the connection without an answer.", exception);
}
