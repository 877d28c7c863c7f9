namespace Gateway.Kernel.Netlink;

/// <summary>Tells whether interfaces, addresses, routes or forwarding may have changed: the kernel announces that to whoever
/// joins the groups.</summary>
/// <remarks>Source: include/uapi/linux/rtnetlink.h, <c>enum rtnetlink_groups</c>; group n is bit n - 1.</remarks>
/// <param name="groups">Which of them.</param>
internal sealed class RouteMonitor(uint groups = RouteMonitor.All) : IDisposable
{
    /// <summary>Interfaces and addresses.</summary>
    public const uint AddressesOnly = Links | IPv4Addresses | IPv6Addresses;

    /// <summary>All that planning must know.</summary>
    public const uint All = AddressesOnly | IPv4Routes | IPv4Rules | IPv6Routes | IPv6Rules | IPv4Settings | IPv6Settings | NextHops;

    private const uint Links = 1;
    private const uint IPv4Addresses = 1 << 4;
    private const uint IPv4Routes = 1 << 6;
    private const uint IPv4Rules = 1 << 7;
    private const uint IPv6Addresses = 1 << 8;
    private const uint IPv6Routes = 1 << 10;
    private const uint IPv6Rules = 1 << 18;
    private const uint IPv4Settings = 1 << 23;
    private const uint IPv6Settings = 1 << 24;
    private const uint NextHops = 1u << 31;

    private readonly NetlinkSocket _socket = new(NetlinkSocket.Route, groups);

    /// <summary>Whether anything was announced since the last time this was asked.</summary>
    public bool HasChanged()
    {
        var changed = false;
        try
        {
            _socket.Receive(
                _ =>
                {
                    changed = true;
                    return true;
                },
                wait: false,
                "reading changes of interfaces and routes");
        }
        catch (NetlinkException e) when (e.Error == NetlinkException.QueueIsFull)
        {
            // More was announced than the queue holds.
            changed = true;
        }

        return changed;
    }

    public void Dispose() => _socket.Dispose();
}
