using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.Configuration;

namespace Gateway.Hosting;

/// <summary>Tries whether the addresses of a new configuration can be listened on, before anything of it is applied.
/// </summary>
/// <remarks>Somebody may take a port between the trial and the real bind; then the listener's own error tells it.</remarks>
internal static class ListenCheck
{
    // Of Linux: SOL_IP and IP_TRANSPARENT.
    private const int LevelIP = 0;
    private const int Transparent = 19;

    /// <param name="next">The configuration to be applied.</param>
    /// <param name="current">The one in force, whose listeners are open; null when none are.</param>
    /// <param name="started">The one the process was started with, whose engine relays; null when it is the next.</param>
    public static IEnumerable<ConfigurationError> Check(
        LoadedConfiguration next, LoadedConfiguration? current, LoadedConfiguration? started = null)
    {
        ListenClaim[] ours = current is null ? [] : [.. ListenClaim.OfTraffic(current.Section(""))];
        foreach (var claim in ListenClaim.OfTraffic(next.Section("")))
        {
            // What we listen on ourselves is no obstacle, since the old listener is closed before the new one is opened;
            // but it would make a trial fail. Then the trial is only whether the machine has the address.
            var trial = ours.Any(claim.Overlaps) ? new IPEndPoint(claim.EndPoint.Address, 0) : claim.EndPoint;
            if (WhyNot(trial, claim) is { } error)
            {
                yield return next.Error(
                    claim.Section.Path, $"cannot be listened on: {error}", "Use another port or another address.");
            }
        }

        var sources = CheckSources(next, RelaySection.Read((started ?? next).Section("Relay")));
        foreach (var error in CheckPaths(next, current).Concat(sources))
        {
            yield return error;
        }
    }

    /// <summary>Which sockets of the file system cannot be made. Those in use are no obstacle, since they are ours.</summary>
    private static IEnumerable<ConfigurationError> CheckPaths(LoadedConfiguration next, LoadedConfiguration? current)
    {
        string?[] ours = current is null ? [] : [.. ListenUrl.OfEndpoints(current.Root).Select(ListenUrl.SocketPath)];
        foreach (var endpoint in next.Section("Kestrel:Endpoints").Children)
        {
            if (ListenUrl.SocketPath(endpoint.Text("Url")) is { } path && !ours.Contains(path) && WhyNot(path) is { } error)
            {
                yield return next.Error($"{endpoint.Path}:Url", $"cannot be listened on: {error.TrimEnd('.')}",
                    "Name a path where nothing is, in a folder that Gateway's user may write.");
            }
        }
    }

    private static string? WhyNot(string path)
    {
        try
        {
            // Closing it takes the file away again.
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            return null;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return "there is something at this path already";
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            // Paths of sockets are short: 107 bytes on Linux.
            return e.Message.ReplaceLineEndings(" ");
        }
    }

    /// <summary>Why destinations cannot be connected to as the virtual servers of a configuration ask for.</summary>
    private static IEnumerable<ConfigurationError> CheckSources(LoadedConfiguration next, RelayOptions relay)
    {
        foreach (var server in next.VirtualServers)
        {
            var path = $"VirtualServers:{server.Id}";
            if (server.Transparent && relay.Engine == "sockets")
            {
                yield return next.Error(
                    $"{path}:Transparent", "is for event loops only, and Relay:Engine was 'sockets' at the start",
                    "Set Relay:Engine to auto and restart, or remove the key.");
            }
            else if (server.Transparent && !IsTransparencyPermitted())
            {
                yield return next.Error(
                    $"{path}:Transparent", "needs the capability NET_ADMIN, which this process does not have",
                    "Grant it (AmbientCapabilities=CAP_NET_ADMIN, --cap-add NET_ADMIN), or remove the key.");
            }

            foreach (var source in server.SourceAddresses)
            {
                if (WhyNot(new IPEndPoint(source, 0), default) is { } error)
                {
                    yield return next.Error($"{path}:SourceAddresses", $"cannot be connected from: {source}: {error}",
                        "Name addresses of this machine.");
                }
            }
        }
    }

    private static bool IsTransparencyPermitted()
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.SetRawSocketOption(LevelIP, Transparent, BitConverter.GetBytes(1));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string? WhyNot(IPEndPoint endPoint, ListenClaim claim)
    {
        try
        {
            using var socket = claim.IsUdp
                ? new Socket(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp)
                : new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(endPoint);
            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => "the port is in use, by another program or for a connection that goes out (sysctl net.ipv4.ip_local_port_range)",
                SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported =>
                    claim.IsOptional || claim.IsAssigned ? null : "this machine does not have the address",
                SocketError.AccessDenied => "the port needs a privilege this process does not have (CAP_NET_BIND_SERVICE, or the sysctl net.ipv4.ip_unprivileged_port_start)",
                _ => e.Message,
            };
        }
    }
}
