using System.Diagnostics;
using System.Globalization;

namespace Gateway.Telemetry;

/// <summary>Completes the span of an HTTP request with what ASP.NET Core does not yet write itself.</summary>
/// <remarks>OpenTelemetry semantic conventions for HTTP: the name of a server span is <c>METHOD route</c>, the method
/// alone without a route, never the path; a method that is not well known is <c>HTTP</c> there; a status of 500 and above is an error of the server, one below is not.
/// </remarks>
internal static class TraceNaming
{
    /// <summary>Call once, before the span ends. Nothing happens without a span that is recorded.</summary>
    /// <param name="span">The current request's span, or null when traces are off.</param>
    /// <param name="route">The pattern of the route that matched, or null.</param>
    /// <param name="status">The status code of the answer; 0 when there was none.</param>
    public static void Complete(Activity? span, string? route, int status)
    {
        if (span is not { IsAllDataRequested: true })
        {
            return;
        }

        var method = span.GetTagItem("http.request.method") is string known and not "_OTHER" ? known : "HTTP";
        span.DisplayName = route is null ? method : $"{method} {route}";
        if (route is not null)
        {
            span.SetTag("http.route", route);
        }

        if (status != 0)
        {
            span.SetTag("http.response.status_code", status);
        }

        if (status is 0 or >= 500)
        {
            span.SetStatus(ActivityStatusCode.Error);
            if (span.GetTagItem("error.type") is null)
            {
                span.SetTag("error.type", status == 0 ? "aborted" : status.ToString(CultureInfo.InvariantCulture));
            }
        }
    }
}
