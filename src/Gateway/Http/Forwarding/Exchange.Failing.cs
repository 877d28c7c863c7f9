using System.Net.Sockets;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Http.Forwarding;

/// <content>What becomes of an exchange that fails.</content>
internal sealed partial class Exchange
{
    private ForwarderError BrokenOff(Upstream upstream, ResponseBodyEnd end, Exception? exception)
    {
        var error = upstream.End switch
        {
            UpstreamEnd.ClientGone => ForwarderError.ResponseBodyClient,
            UpstreamEnd.BodyBroken => ForwarderError.RequestBodyClient,
            _ => end == ResponseBodyEnd.ClientGone ? ForwarderError.ResponseBodyClient : ForwarderError.ResponseBodyDestination,
        };
        // The client must not take what it has for the whole.
        _client.BreakOff(error, BodyFaultOf(upstream) ?? exception ?? ForwardingError.Ended(upstream.Head, end));
        return error;
    }

    private Exception? BodyFaultOf(Upstream upstream) => upstream.End == UpstreamEnd.BodyBroken ? _body?.Exception : null;

    private ForwarderError NotConnected(SocketException exception) => Fail(
        ForwarderError.Request,
        StatusCodes.Status502BadGateway,
        new HttpRequestException(
            exception.SocketErrorCode is SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData
                ? HttpRequestError.NameResolutionError
                : HttpRequestError.ConnectionError,
            exception.Message,
            exception));

    /// <summary>A request that was sent on a kept connection, which ended without an answer, could not be sent again: the destination may have
    /// acted on it all the same.</summary>
    private ForwarderError NotConnectedAgain(SocketException exception) => Fail(
        ForwarderError.Request,
        StatusCodes.Status502BadGateway,
        ForwardingError.NoAnswer(_upstream!.Head, Answer.Nothing, exception));

    private async ValueTask<ForwarderError> FailAsync(Upstream upstream, Answer answer, Exception? exception)
    {
        var isWaitingForClient = _body?.IsWaitingForClient == true;
        var end = upstream.End;
        upstream.Close(UpstreamEnd.Done);
        if (_body is not null)
        {
            await _body.StopAsync();
        }

        return end switch
        {
            UpstreamEnd.ClientGone => Fail(ForwarderError.RequestCanceled, StatusCodes.Status400BadRequest, exception!),
            UpstreamEnd.BodyBroken => Fail(
                ForwarderError.RequestBodyClient,
                _body?.Exception is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status400BadRequest,
                _body!.Exception!),
            UpstreamEnd.ActivityTimeout when isWaitingForClient =>
                Fail(ForwarderError.RequestBodyClient, StatusCodes.Status408RequestTimeout, ForwardingError.ClientTooSlow(exception!)),
            UpstreamEnd.ActivityTimeout =>
                Fail(ForwarderError.RequestTimedOut, StatusCodes.Status504GatewayTimeout, exception!),
            _ when _body?.End == RequestBodyEnd.DestinationBroken && answer != Answer.Bad =>
                Fail(ForwarderError.RequestBodyDestination, StatusCodes.Status502BadGateway, _body.Exception!),
            _ => Fail(ForwarderError.Request, StatusCodes.Status502BadGateway, ForwardingError.NoAnswer(upstream.Head, answer, exception)),
        };
    }

    private ForwarderError Fail(ForwarderError error, int status, Exception exception)
    {
        _client.Fail(error, status, exception);
        return error;
    }
}
