using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace Gateway.Http;

/// <summary>Makes every route forward what arrived: the path as the client wrote it, and no header that was meant for this
/// hop only.</summary>
/// <remarks>
/// YARP builds the destination's path from the decoded one, which turns <c>/a%2Fb</c> into <c>/a%252Fb</c>. Here the raw
/// target is sent when no transform changed path or query. A target with dot segments is not: routes are matched after
/// they were resolved, and a destination must not resolve them to something else.
/// </remarks>
internal sealed class ExactForwarding : ITransformProvider
{
    public void ValidateRoute(TransformRouteValidationContext context)
    {
    }

    public void ValidateCluster(TransformClusterValidationContext context)
    {
    }

    public void Apply(TransformBuilderContext context)
    {
        // First, so that the headers a route sets are not among those a client can have dropped.
        context.RequestTransforms.Insert(0, new DropHopByHop());
        // Last, when path and query are what they will be.
        context.RequestTransforms.Add(new KeepTarget());
        context.ResponseTransforms.Add(new DropLengthOfNothing());
        context.ResponseTransforms.Add(new StatusRetry());
    }

    /// <summary>Removes the headers that the client's Connection header names (RFC 9110, section 7.6.1).</summary>
    private sealed class DropHopByHop : RequestTransform
    {
        public override ValueTask ApplyAsync(RequestTransformContext context)
        {
            foreach (var value in context.HttpContext.Request.Headers.Connection)
            {
                if (value is not null && !IsOrdinary(value))
                {
                    Drop(context, value);
                }
            }

            return default;
        }

        private static bool IsOrdinary(string value) =>
            value.Equals("keep-alive", StringComparison.OrdinalIgnoreCase)
            || value.Equals("close", StringComparison.OrdinalIgnoreCase)
            || value.Equals("upgrade", StringComparison.OrdinalIgnoreCase);

        private static void Drop(RequestTransformContext context, string value)
        {
            foreach (var name in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (!IsOrdinary(name))
                {
                    RemoveHeader(context, name);
                }
            }
        }
    }

    private sealed class KeepTarget : RequestTransform
    {
        public override ValueTask ApplyAsync(RequestTransformContext context)
        {
            var request = context.HttpContext.Request;
            var target = context.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget;
            if (context.ProxyRequest.RequestUri is null
                && target is ['/', ..]
                && context.Path == request.Path
                && context.Query.QueryString == request.QueryString
                && !DotSegments.AreIn(target))
            {
                context.ProxyRequest.RequestUri = new Uri(
                    string.Concat(context.DestinationPrefix.AsSpan().TrimEnd('/'), target),
                    new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
            }

            return default;
        }
    }

    /// <summary>A 204 with a Content-Length, which some servers send, is a 204; Kestrel would refuse to send it.</summary>
    private sealed class DropLengthOfNothing : ResponseTransform
    {
        public override ValueTask ApplyAsync(ResponseTransformContext context)
        {
            if (context.HttpContext.Response.StatusCode == StatusCodes.Status204NoContent)
            {
                context.HttpContext.Response.ContentLength = null;
            }

            return default;
        }
    }
}
