using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Http.WebSockets;

/// <summary>Puts a <see cref="ClosableWebSocket"/> around the stream that a WebSocket gets, over HTTP/1.1 (upgrade) and
/// HTTP/2 (extended CONNECT, RFC 8441).</summary>
internal static class ClosableUpgrades
{
    /// <summary>Prepares a request that asks for a WebSocket; nothing happens with another one.</summary>
    public static void Prepare(ProxiedRequest request)
    {
        var features = request.Context.Features;
        if (features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade and not Upgrade
            && string.Equals(request.Context.Request.Headers.Upgrade, "websocket", StringComparison.OrdinalIgnoreCase))
        {
            features.Set<IHttpUpgradeFeature>(new Upgrade(upgrade, request));
        }
        else if (features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" } connect
            and not ExtendedConnect)
        {
            features.Set<IHttpExtendedConnectFeature>(new ExtendedConnect(connect, request));
        }
    }

    private static ClosableWebSocket Closable(Stream stream, ProxiedRequest request)
    {
        var closable = new ClosableWebSocket(stream);
        request.WebSocket = closable;
        return closable;
    }

    private sealed class Upgrade(IHttpUpgradeFeature inner, ProxiedRequest request) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => inner.IsUpgradableRequest;

        public async Task<Stream> UpgradeAsync() => Closable(await inner.UpgradeAsync(), request);
    }

    private sealed class ExtendedConnect(IHttpExtendedConnectFeature inner, ProxiedRequest request) : IHttpExtendedConnectFeature
    {
        public bool IsExtendedConnect => inner.IsExtendedConnect;

        public string? Protocol => inner.Protocol;

        public async ValueTask<Stream> AcceptAsync() => Closable(await inner.AcceptAsync(), request);
    }
}
