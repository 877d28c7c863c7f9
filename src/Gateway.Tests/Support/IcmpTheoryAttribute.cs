using System.Net.Sockets;

namespace Gateway.Tests.Support;

/// <summary>A theory that pings, skipped where the kernel lets neither this group nor this user do it.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class IcmpTheoryAttribute : TheoryAttribute
{
    public IcmpTheoryAttribute() => Skip = MayOpen(SocketType.Dgram) || MayOpen(SocketType.Raw)
        ? null
        : "Pinging is not permitted here: net.ipv4.ping_group_range leaves this group out, and CAP_NET_RAW is missing.";

    private static bool MayOpen(SocketType type)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, type, ProtocolType.Icmp);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
