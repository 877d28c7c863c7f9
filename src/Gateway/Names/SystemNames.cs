using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Gateway.Names;

/// <summary>The system's own resolver, with its hosts file, search list and caches.</summary>
/// <remarks>It knows no SRV records and no lifetimes. Those records are asked for at the servers of
/// <c>/etc/resolv.conf</c>.</remarks>
internal sealed class SystemNames(NameOptions options, TimeProvider time, string resolvConf = "/etc/resolv.conf") : INameSource
{
    private const int DnsPort = 53;

    /// <summary>Whether this machine has an IPv6 address beside those of loopback and link.</summary>
    public static bool HasIPv6 => NetworkInterface.GetAllNetworkInterfaces()
        .SelectMany(network => network.GetIPProperties().UnicastAddresses)
        .Any(unicast => unicast.Address is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv6LinkLocal: false } address
            && !IPAddress.IsLoopback(address));

    /// <summary>The servers a <c>resolv.conf</c> names.</summary>
    internal static IEnumerable<IPEndPoint> ServersIn(IEnumerable<string> lines) =>
        from line in lines
        let words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        where words is ["nameserver", _, ..]
        let address = IPAddress.TryParse(words[1], out var parsed) ? parsed : null
        where address is not null
        select new IPEndPoint(address, DnsPort);

    public async Task<NameFinding> FindAsync(string name, DnsType type, CancellationToken cancellation)
    {
        if (type == DnsType.SRV)
        {
            return await FindServiceAsync(name, cancellation);
        }

        try
        {
            var family = type == DnsType.A ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
            var addresses = await Dns.GetHostAddressesAsync(name, family, cancellation).WaitAsync(options.Timeout * 2, time, cancellation);
            return new NameFinding([.. addresses.Select(address => new NameAddress(address))], options.Interval);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData)
        {
            return new NameFinding([], options.Interval);
        }
        catch (Exception e) when (e is SocketException or ArgumentException or TimeoutException)
        {
            return NameFinding.Failed(e is SocketException socket ? $"{socket.SocketErrorCode}" : e.Message);
        }
    }

    private async Task<NameFinding> FindServiceAsync(string name, CancellationToken cancellation)
    {
        try
        {
            var servers = ServersIn(await File.ReadAllLinesAsync(resolvConf, cancellation)).ToArray();
            return servers.Length == 0
                ? NameFinding.Failed($"{resolvConf} names no server")
                : await new DnsNames(options with { Servers = [.. servers] }, time).FindAsync(name, DnsType.SRV, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return NameFinding.Failed(e.Message);
        }
    }
}
