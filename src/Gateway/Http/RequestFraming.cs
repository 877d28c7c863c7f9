using Microsoft.Extensions.Primitives;

namespace Gateway.Http;

/// <summary>Refuses requests of whose body two readers could disagree: where it ends, or what it is.</summary>
/// <remarks>
/// RFC 9112, sections 6.1 and 6.3. Kestrel takes off one coding, <c>chunked</c>; whatever was applied before it is still on the body
/// that would be forwarded without its name. And it prefers <c>Transfer-Encoding</c> to a <c>Content-Length</c> beside it, which
/// is allowed, and the way requests are smuggled; the length it keeps as <c>X-Content-Length</c>, by which such a request is known here.
/// </remarks>
internal static class RequestFraming
{
    private const string Chunked = "chunked";
    private const string ReplacedLength = "X-Content-Length";

    public static Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        var codings = context.Request.Headers.TransferEncoding;
        if (codings.Count == 0 || Refusal(context.Request.Headers, codings) is not { } status)
        {
            return next(context);
        }

        // Nobody can tell what comes after it.
        context.Response.Headers.Connection = "close";
        context.Response.StatusCode = status;
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
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
