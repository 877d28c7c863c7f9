using Microsoft.Extensions.Primitives;

namespace Gateway.Http;

/// <summary>The cookie of a session at the management listener, which no destination may see.</summary>
/// <remarks>Cookies do not know ports (RFC 6265, section 8.5): under the same host name a browser sends it to the proxied
/// listeners as well, and whoever gets it is logged in. So it is taken out of every request before that is forwarded, and has
/// a name that no application has.</remarks>
internal static class SessionCookie
{
    /// <summary>Its name on plain HTTP.</summary>
    public const string Name = "gateway-management";

    /// <summary>What both names have in them.</summary>
    public static ReadOnlySpan<byte> NameBytes => "gateway-management"u8;

    /// <summary>Its name on HTTPS. The prefix makes browsers take it from this very host only.</summary>
    public const string SecureName = "__Host-" + Name;

    /// <summary>Takes it out of a request that is to be forwarded.</summary>
    public static Task DropAsync(HttpContext context, RequestDelegate next)
    {
        var cookies = context.Request.Headers.Cookie;
        if (IsIn(cookies))
        {
            var kept = cookies.Select(Without).Where(value => value.Length > 0).ToArray();
            context.Request.Headers.Cookie = kept;
        }

        return next(context);
    }

    /// <summary>Whether it may be among these.</summary>
    public static bool IsIn(StringValues cookies)
    {
        for (var i = 0; i < cookies.Count; i++)
        {
            if (cookies[i]?.Contains(Name, StringComparison.Ordinal) == true)
            {
                return true;
            }
        }

        return false;
    }

    private static string Without(string? value) => string.Join(';', (value ?? "").Split(';').Where(pair => !IsOurs(pair))).TrimStart();

    private static bool IsOurs(string pair)
    {
        var equals = pair.IndexOf('=', StringComparison.Ordinal);
        return (equals < 0 ? pair : pair[..equals]).Trim() is Name or SecureName;
    }
}
