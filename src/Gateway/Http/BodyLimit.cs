using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Http;

/// <summary>Refuses requests that say themselves that their body is larger than allowed, before a destination has anything of them.
/// </summary>
/// <remarks>The server refuses when the body is read, which is when the head is sent already; what comes in chunks can be refused
/// only then.</remarks>
internal static class BodyLimit
{
    /// <summary>Answers a request that is too large; false when it is not.</summary>
    public static bool TryRefuse(ProxiedRequest request)
    {
        var context = request.Context;
        if (context.Request.ContentLength is not { } length || length == 0)
        {
            return false;
        }

        var server = context.Features.Get<IHttpMaxRequestBodySizeFeature>();

        // YARP gives the server the route's limit as it forwards; -1 is none.
        var limit = request.Yarp?.Route.Config.MaxRequestBodySize ?? server?.MaxRequestBodySize ?? -1;
        if (limit < 0 || length <= limit)
        {
            return false;
        }

        context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
        context.Response.ContentLength = 0;
        if (context.Request.Protocol is ['H', 'T', 'T', 'P', '/', '1', ..])
        {
            context.Response.Headers.Connection = "close";
        }

        if (server is { IsReadOnly: false })
        {
            // What the client has sent meanwhile is drained, or the reset of the connection would take the answer with it.
            server.MaxRequestBodySize = null;
        }

        request.IsRejected = true;
        return true;
    }
}
