using Microsoft.AspNetCore.Http.Timeouts;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Http;

/// <summary>Tells a request that a route's timeout ended from one whose client went away.</summary>
/// <remarks>The timeout's own token fires for both, and replaces the request's; so the request's is kept before.</remarks>
internal sealed record ClientAbort(CancellationToken Token)
{
    /// <summary>Keeps the token of requests whose route has a timeout; goes before the timeouts' middleware.</summary>
    public static Task KeepAsync(HttpContext context, RequestDelegate next)
    {
        var metadata = context.GetEndpoint()?.Metadata;
        if (metadata?.GetMetadata<RequestTimeoutPolicy>() is not null
            || metadata?.GetMetadata<RequestTimeoutAttribute>() is not null)
        {
            context.Features.Set(new ClientAbort(context.RequestAborted));
        }

        return next(context);
    }

    /// <summary>Whether the route's timeout has ended the request.</summary>
    public static bool IsTimeout(HttpContext context) =>
        context.Features.Get<IHttpRequestTimeoutFeature>()?.RequestTimeoutToken.IsCancellationRequested == true
        && context.Features.Get<ClientAbort>()?.Token.IsCancellationRequested == false;

    /// <summary>Whether the client has left before it was sent anything: the loop may have told so before Kestrel does.</summary>
    public static bool IsAbandoned(HttpContext context) =>
        !context.Response.HasStarted
        && (context.RequestAborted.IsCancellationRequested
            || (context.Features.Get<IForwarderErrorFeature>()?.Error == ForwarderError.RequestCanceled && !IsTimeout(context)));
}
