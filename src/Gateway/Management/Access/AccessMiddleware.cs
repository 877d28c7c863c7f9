using System.Globalization;
using Gateway.Management.Api;

namespace Gateway.Management.Access;

/// <summary>Lets a request through to its endpoint only when host, origin, caller and role are right; everything else is
/// answered and noted here.</summary>
internal sealed class AccessMiddleware(RequestDelegate next, Authentication authentication, Audit audit)
{
    /// <summary>The header of every answer that says whose API this is: another service's JSON may look like it.</summary>
    public const string ApiHeader = "X-Gateway-Api";

    public async Task InvokeAsync(HttpContext context)
    {
        SetHeaders(context.Response.Headers);
        if (!RequestOrigin.IsOurHost(context, authentication.Hosts))
        {
            await RefuseAsync(context, StatusCodes.Status421MisdirectedRequest, "Host is no name of this listener",
                "Use its address, or add the name to Management:Hosts.");
            return;
        }

        if (!RequestOrigin.IsSafe(context.Request) && RequestOrigin.WhyForged(context.Request) is { } forged)
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, forged, "Send it from Gateway's own pages, or from no page.");
            return;
        }

        var outcome = await authentication.FindAsync(context);
        if (outcome.RetryAfter > TimeSpan.Zero)
        {
            await RefuseAsync(context, StatusCodes.Status429TooManyRequests, outcome.Refusal!, "Wait as long as Retry-After says.", outcome.RetryAfter);
            return;
        }

        context.Features.Set(outcome.Caller);
        var endpoint = context.GetEndpoint();
        var required = endpoint?.Metadata.GetMetadata<RequiredRole>()?.Role;
        if (required == Role.None)
        {
            await next(context);
        }
        else if (outcome.Caller is not { } caller)
        {
            // What does not exist is not told to strangers either.
            await ChallengeAsync(context, outcome.Refusal);
        }
        else if (endpoint is null)
        {
            await Problems.NotFound("There is nothing at this path.").ExecuteAsync(context);
        }
        else if (endpoint is not RouteEndpoint)
        {
            // Routing's own answer: the method or the content type is not possible here.
            await next(context);
        }
        else if (required is null || caller.Role < required)
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden,
                $"{caller.Name} is {Name(caller.Role)}", required is null ? "Nobody may." : $"It takes {Name(required.Value)}.");
        }
        else if (caller.SessionId is not null && !RequestOrigin.IsSafe(context.Request)
            && !context.Request.Headers.ContainsKey(RequestOrigin.PageHeader))
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden,
                $"a session's cookie came without the header {RequestOrigin.PageHeader}", "Send the header, or use a token.");
        }
        else
        {
            await next(context);
        }
    }

    private static string Name(Role role) => role.ToString().ToLowerInvariant();

    private static void SetHeaders(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        headers.CacheControl = "no-store";
        headers[ApiHeader] = "v1";
    }

    private static bool IsPage(HttpContext context) =>
        HttpMethods.IsGet(context.Request.Method) && !context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal)
        && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    private Task ChallengeAsync(HttpContext context, string? refusal)
    {
        if (IsPage(context) && refusal is null)
        {
            context.Response.Redirect("/login");
            return Task.CompletedTask;
        }

        context.Response.Headers.WWWAuthenticate = "Bearer realm=\"Gateway\"";
        return RefuseAsync(context, StatusCodes.Status401Unauthorized, refusal ?? "there is no login",
            "Log in, or send a token: 'Authorization: Bearer …'.");
    }

    private Task RefuseAsync(HttpContext context, int status, string why, string remedy, TimeSpan retryAfter = default)
    {
        audit.Refused(context, status, why);
        if (retryAfter > TimeSpan.Zero)
        {
            context.Response.Headers.RetryAfter =
                Math.Ceiling(retryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        return Problems.Of(status, $"Refused: {why}.", remedy).ExecuteAsync(context);
    }
}
