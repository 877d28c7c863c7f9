using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Gateway.Http;

/// <summary>Refuses requests of which two readers could disagree: where the body ends, what it is, or what is asked for.</summary>
/// <remarks>
/// RFC 9112, sections 3.2, 6.1 and 6.3. Kestrel takes a <c>#</c> in the target for a character like any other, a destination may take it for
/// the end. Kestrel takes off one coding, <c>chunked</c>; whatever was applied before it is still on the body
/// that would be forwarded without its name. And it prefers <c>Transfer-Encoding</c> to a <c>Content-Length</c> beside it, which
/// is allowed, and the way requests are smuggled; the length it keeps as <c>X-Content-Length</c>, by which such a request is known here.
/// </remarks>
internal sealed class RequestFraming(RejectedRequests rejected)
{
    private const string Chunked = "chunked";
    private const string ReplacedLength = "X-Content-Length";

    public Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        if (Refusal(context) is not { } status)
        {
            return next(context);
        }

        if (context.Request.Protocol is ['H', 'T', 'T', 'P', '/', '1', ..])
        {
            // Nobody can tell what comes after it.
            context.Response.Headers.Connection = "close";
        }

        context.Response.StatusCode = status;
        context.Response.ContentLength = 0;
        rejected.Add(context.Features, status);
        return Task.CompletedTask;
    }

    private static int? Refusal(HttpContext context)
    {
        var headers = context.Request.Headers;
        var codings = headers.TransferEncoding;
        return codings.Count > 0 && Refusal(headers, codings) is { } status ? status
            : context.Features.Find<IHttpRequestFeature>()?.RawTarget.Contains('#') == true ? StatusCodes.Status400BadRequest
            : null;
    }

    private static int? Refusal(IHeaderDictionary headers, in StringValues codings) =>
        !AreKnown(codings) ? StatusCodes.Status501NotImplemented
        : codings.Count > 1 || !IsChunked(codings[0]) || headers.ContainsKey(ReplacedLength) ? StatusCodes.Status400BadRequest
        : null;

    private static bool AreKnown(in StringValues codings)
    {
        foreach (var line in codings)
        {
            foreach (var part in line.AsSpan().Split(','))
            {
                if (!IsChunkedOrNothing(line.AsSpan(part)))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool IsChunkedOrNothing(ReadOnlySpan<char> coding) => coding.Trim(" \t") is var name
        && (name.IsEmpty || IsChunked(name));

    private static bool IsChunked(ReadOnlySpan<char> coding) => coding.Equals(Chunked, StringComparison.OrdinalIgnoreCase);
}
