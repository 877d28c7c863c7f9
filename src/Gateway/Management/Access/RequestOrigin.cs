using System.Net;

namespace Gateway.Management.Access;

/// <summary>Tells requests that a page of somebody else made a browser send from those that were meant.</summary>
/// <remarks>
/// Host: a name that an attacker owns can be made to point at 127.0.0.1 (DNS rebinding); his page is then of the same
/// origin to the browser. So only names that are ours are answered. An address and localhost cannot be rebound: browsers ask nobody
/// for them, and a page at one of them came from the machine that has it. That holds whatever address the connection came to, which
/// behind a published port of a container is not the loopback.
/// Cross-site requests: browsers tell by Sec-Fetch-Site and Origin where a request comes from. Those that change something
/// must come from our own pages or from no page at all. A session's cookie is moreover SameSite=Strict and counts for
/// changes only beside a header that no page elsewhere can send without asking first.
/// </remarks>
internal static class RequestOrigin
{
    /// <summary>Sent by our pages with every request; its value does not matter.</summary>
    public const string PageHeader = "X-Gateway-Page";

    /// <summary>Whether Host names this listener: an address, localhost, or a configured name.</summary>
    public static bool IsOurHost(HttpContext context, IEnumerable<string> configured)
    {
        var host = context.Request.Host.Host;
        return host.Length > 0
            && (IPAddress.TryParse(host, out _)
                || string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
                || configured.Contains(host, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Whether the request changes nothing.</summary>
    public static bool IsSafe(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method);

    /// <summary>Why a request that changes something is not believed to be meant; null when it is.</summary>
    public static string? WhyForged(HttpRequest request)
    {
        if (request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site and not ("same-origin" or "none"))
        {
            return $"it comes from a page elsewhere (Sec-Fetch-Site: {Cut(site)})";
        }

        return request.Headers.Origin.ToString() is { Length: > 0 } origin
            && !string.Equals(origin, $"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase)
                ? $"it comes from a page elsewhere (Origin: {Cut(origin)})" : null;
    }

    private static string Cut(string text) => text.Length > 80 ? text[..80] : text;
}
