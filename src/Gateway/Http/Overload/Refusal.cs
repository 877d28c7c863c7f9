using System.Globalization;
using Gateway.Clusters;

namespace Gateway.Http.Overload;

/// <summary>What a client gets that no destination can serve.</summary>
internal static class Refusal
{
    /// <summary>Writes the answer: what the cluster's <c>Sorry</c> says, else a bare 503.</summary>
    /// <param name="context">The request.</param>
    /// <param name="sorry">The cluster's section; null is none.</param>
    /// <param name="retryAfter">Seconds after which to ask again, when destinations are there and only busy; null when none
    /// is there.</param>
    public static async Task WriteAsync(HttpContext context, SorryOptions? sorry, int? retryAfter)
    {
        var response = context.Response;
        response.Headers.CacheControl = "no-store";
        if (retryAfter is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (sorry?.RedirectTo is { } location)
        {
            response.StatusCode = StatusCodes.Status302Found;
            response.Headers.Location = location;
            return;
        }

        // Busy is busy, whatever the page for an outage says; caches and clients know what to do with 503.
        response.StatusCode = retryAfter is null && sorry is not null ? sorry.Status : StatusCodes.Status503ServiceUnavailable;
        if (sorry is { Body.Length: > 0 })
        {
            response.ContentType = sorry.ContentType;
            if (!HttpMethods.IsHead(context.Request.Method))
            {
                await response.WriteAsync(sorry.Body, context.RequestAborted);
            }
        }
    }
}
