using Gateway.Scheduling;
using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Http;

/// <summary>What a scheduler may know of an HTTP request.</summary>
internal static class RequestFlow
{
    /// <summary>The flow of this request, with the keys that scheduling and persistence asked for.</summary>
    public static Flow Of(HttpContext context, string? keySource, string? persistenceKeySource)
    {
        var connection = context.Connection;
        return new Flow(
            connection.RemoteIpAddress,
            connection.RemotePort,
            connection.LocalIpAddress,
            connection.LocalPort,
            keySource is null ? default : KeyOf(context, keySource),
            persistenceKeySource is null ? default : KeyOf(context, persistenceKeySource));
    }

    /// <summary>The key a source such as <c>host+path</c> or <c>header:X-User</c> gives; default when the request has
    /// none, so that the scheduler falls back to the client's address.</summary>
    public static FlowKey KeyOf(HttpContext context, string keySource)
    {
        var request = context.Request;
        return keySource switch
        {
            "client" => FlowKey.OfAddress(context.Connection.RemoteIpAddress),
            "host" => FlowKey.OfText(HostOf(request)),
            "host+path" => FlowKey.OfText(string.Concat(HostOf(request), request.PathBase.Value, request.Path.Value)),
            "uri" => FlowKey.OfText(string.Concat(
                HostOf(request), request.PathBase.Value, request.Path.Value, request.QueryString.Value)),
            "sni" => OfText(context.Features.Get<ITlsHandshakeFeature>()?.HostName),
            _ => OfNamed(request, keySource),
        };
    }

    private static FlowKey OfNamed(HttpRequest request, string keySource)
    {
        var colon = keySource.IndexOf(':', StringComparison.Ordinal);
        var name = keySource[(colon + 1)..];
        var value = keySource.AsSpan(0, Math.Max(colon, 0)) switch
        {
            "header" => request.Headers[name].ToString(),
            "cookie" => request.Cookies[name],
            "query" => request.Query[name].ToString(),
            _ => null,
        };
        return OfText(value);
    }

    private static FlowKey OfText(string? text) => string.IsNullOrEmpty(text) ? default : FlowKey.OfText(text);

    // Host names differ in case only by accident, and :80 is the same place as no port at all.
    private static string HostOf(HttpRequest request)
    {
        var host = request.Host;
        var isDefaultPort = host.Port is null || host.Port == (request.IsHttps ? 443 : 80);
        return (isDefaultPort ? host.Host : host.Value ?? "").ToLowerInvariant();
    }
}
