namespace Gateway.Http;

/// <summary>Answers requests that name no resource of a destination (RFC 9110, section 7.1): <c>CONNECT</c>, whose target is
/// where a tunnel would lead, and <c>OPTIONS *</c>, which asks for the server itself.</summary>
/// <remarks>Forwarded, the one would look like a failure of the destination, and the other would ask for <c>/</c>. The CONNECT of
/// a WebSocket over HTTP/2 has a path (RFC 8441).</remarks>
internal static class ServerRequests
{
    public static Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Path.HasValue)
        {
            return next(context);
        }

        context.Response.StatusCode =
            HttpMethods.IsOptions(context.Request.Method) ? StatusCodes.Status200OK : StatusCodes.Status501NotImplemented;
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }
}
