using System.Net;
using System.Net.Sockets;
using Gateway.Configuration;

namespace Gateway.Hosting;

/// <summary>Tries whether the addresses that a new configuration adds can be listened on, before anything of it is applied.
/// </summary>
/// <remarks>Somebody may take a port between the trial and the real bind; then the listener's own error tells it.</remarks>
internal static class ListenCheck
{
    public static IEnumerable<ConfigurationError> Check(LoadedConfiguration next, IConfiguration current)
    {
        // What we listen on ourselves is no obstacle: the old listener is closed before the new one is opened.
        var ours = Claims(current).Select(claim => (claim.EndPoint.Port, claim.Type)).ToHashSet();
        foreach (var (key, endPoint, type) in Claims(next.Root))
        {
            if (endPoint.Port != 0 && !ours.Contains((endPoint.Port, type)) && WhyNot(endPoint, type) is { } error)
            {
                yield return next.Error(key, $"cannot be listened on: {error}", "Use another port or another address.");
            }
        }
    }

    private static IEnumerable<(string Key, IPEndPoint EndPoint, SocketType Type)> Claims(IConfiguration configuration)
    {
        foreach (var server in configuration.GetSection("VirtualServers").GetChildren())
        {
            var isUdp = string.Equals(server["Protocol"], "udp", StringComparison.OrdinalIgnoreCase);
            var listen = server.GetSection("Listen");
            foreach (var address in listen.Value is { Length: > 0 } ? [listen] : listen.GetChildren())
            {
                if (ListenAddress.Parse(address.Value) is { } endPoint)
                {
                    yield return (address.Path, endPoint, isUdp ? SocketType.Dgram : SocketType.Stream);
                }
            }
        }

        foreach (var url in configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(e => e.GetSection("Url")))
        {
            if (Uri.TryCreate(url.Value, UriKind.Absolute, out var uri)
                && IPAddress.TryParse(uri.DnsSafeHost, out var address))
            {
                yield return (url.Path, new IPEndPoint(address, uri.Port), SocketType.Stream);
            }
        }
    }

    private static string? WhyNot(IPEndPoint endPoint, SocketType type)
    {
        var protocol = type == SocketType.Stream ? ProtocolType.Tcp : ProtocolType.Udp;
        using var socket = new Socket(endPoint.AddressFamily, type, protocol);
        try
        {
            socket.Bind(endPoint);
            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => "another program listens there",
                SocketError.AddressNotAvailable => "this machine does not have the address",
                SocketError.AccessDenied => "the port needs a privilege this process does not have",
                _ => e.Message,
            };
        }
    }
}
