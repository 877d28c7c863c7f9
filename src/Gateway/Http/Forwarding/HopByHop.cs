using System.Collections.Frozen;
using Microsoft.Net.Http.Headers;

namespace Gateway.Http.Forwarding;

/// <summary>Header fields that are for one connection only and are not passed on, in either direction: those that YARP
/// drops.</summary>
internal static class HopByHop
{
    private static readonly FrozenSet<string> _names = new[]
    {
        HeaderNames.Connection, HeaderNames.TransferEncoding, HeaderNames.KeepAlive, HeaderNames.Upgrade,
        HeaderNames.ProxyConnection, HeaderNames.ProxyAuthenticate, "Proxy-Authentication-Info",
        HeaderNames.ProxyAuthorization, "Proxy-Features", "Proxy-Instruction", "Security-Scheme", "ALPN", "Close",
        "HTTP2-Settings", HeaderNames.UpgradeInsecureRequests, HeaderNames.TE, HeaderNames.AltSvc,
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>All of them.</summary>
    public static IEnumerable<string> Names => _names;

    public static bool IsDropped(string name) => _names.Contains(name);
}
