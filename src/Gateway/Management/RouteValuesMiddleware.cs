using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Gateway.Management;

/// <summary>Gives endpoints the values of their paths as they were meant: ids are free text, and one with a slash comes as
/// <c>a%2Fb</c>.</summary>
/// <remarks>Kestrel decodes a path but for <c>%2F</c>, which would make two segments of one, and leaves it at that: afterwards
/// nobody can tell <c>a%2Fb</c> from <c>a%252Fb</c>. So the values are taken from what the client sent.</remarks>
internal sealed class RouteValuesMiddleware(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint() is RouteEndpoint { RoutePattern.PathSegments: var segments }
            && context.Features.Get<IHttpRequestFeature>()?.RawTarget is { } target)
        {
            Decode(context.Request, segments, PathOf(target).TrimStart('/').Split('/'));
        }

        return next(context);
    }

    private static void Decode(HttpRequest request, IReadOnlyList<RoutePatternPathSegment> segments, string[] sent)
    {
        // A path of which '.' and '..' have been taken out has other segments than the one that was sent: then those who send
        // such a thing get what Kestrel made of it.
        if (sent.Length != request.Path.Value!.TrimStart('/').Split('/').Length)
        {
            return;
        }

        foreach (var (index, segment) in segments.Index())
        {
            if (index < sent.Length && segment is { IsSimple: true, Parts: [RoutePatternParameterPart { IsCatchAll: false } part] })
            {
                request.RouteValues[part.Name] = Uri.UnescapeDataString(sent[index]);
            }
        }
    }

    /// <summary>The path of a request target, which may be a whole URL (RFC 9112, 3.2.2).</summary>
    private static string PathOf(string target)
    {
        var end = target.IndexOf('?', StringComparison.Ordinal);
        var path = end < 0 ? target : target[..end];
        var authority = path.StartsWith('/') ? -1 : path.IndexOf("://", StringComparison.Ordinal);
        return authority < 0 ? path : path.IndexOf('/', authority + 3) is > 0 and var begin ? path[begin..] : "/";
    }
}
