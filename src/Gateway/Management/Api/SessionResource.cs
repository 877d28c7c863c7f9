using System.Globalization;
using Gateway.Management.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Gateway.Management.Api;

/// <summary>Logging in and out, and who one is.</summary>
internal static class SessionResource
{
    /// <summary>What logs somebody in.</summary>
    internal sealed record Credentials(string User, string Password);

    /// <summary>Who one is.</summary>
    internal sealed record Me(string Name, Role Role);

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/session", LogInAsync).Requires(Role.None).WithSummary("Logs in; the answer sets a cookie.")
            .Accepts<Credentials>("application/json")
            .Produces<Me>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(429);
        api.MapGet("/session", (HttpContext context) => TypedResults.Ok(Of(context))).Requires(Role.Viewer)
            .WithSummary("Who one is and what is allowed.");
        api.MapDelete("/session", LogOut).Requires(Role.Viewer).WithSummary("Logs out.").Produces(204);
    }

    private static Me Of(HttpContext context)
    {
        var caller = Caller.Of(context)!;
        return new Me(caller.Name, caller.Role);
    }

    private static async Task<IResult> LogInAsync(
        HttpContext context, JsonBody<Credentials> body, Authentication authentication, Audit audit)
    {
        var credentials = body.Required;
        var (user, password) = (credentials.User ?? "", credentials.Password ?? "");
        if (user.Length > 64 || password.Length > 256)
        {
            return Problems.Bad("user or password", null, "is too long", "A user has at most 64 characters, a password 256.");
        }

        var outcome = await authentication.LogInAsync(context, user, password);
        if (outcome.Caller is not { SessionId: { } id } caller)
        {
            var status = outcome.RetryAfter > TimeSpan.Zero ? StatusCodes.Status429TooManyRequests : StatusCodes.Status401Unauthorized;
            audit.Refused(context, status, $"login of '{user}': {outcome.Refusal}");
            if (outcome.RetryAfter > TimeSpan.Zero)
            {
                context.Response.Headers.RetryAfter = Math.Ceiling(outcome.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            }

            return Problems.Of(status, $"Refused: {outcome.Refusal}.", outcome.RetryAfter > TimeSpan.Zero
                ? "Wait as many seconds as Retry-After says." : "'gateway passwd' sets a new password.");
        }

        context.Response.Cookies.Append(Authentication.CookieName(context.Request), id, Cookie(context));
        audit.Access(context, user, "logged in");
        return TypedResults.Ok(new Me(caller.Name, caller.Role));
    }

    private static NoContent LogOut(HttpContext context, Sessions sessions, Audit audit)
    {
        if (Caller.Of(context) is { SessionId: { } id } caller)
        {
            sessions.End(id);
            audit.Access(context, caller.Name, "logged out");
        }

        context.Response.Cookies.Delete(Authentication.CookieName(context.Request), Cookie(context));
        return TypedResults.NoContent();
    }

    private static CookieOptions Cookie(HttpContext context) => new()
    {
        HttpOnly = true,
        Secure = context.Request.IsHttps,
        SameSite = SameSiteMode.Strict,
        Path = "/",
    };
}
