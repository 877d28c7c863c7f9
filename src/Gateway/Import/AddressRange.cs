using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Import;

/// <summary>Ranges of IPv4 addresses, written out.</summary>
internal static class AddressRange
{
    /// <summary>Each address of a range becomes a listener or a destination; more than this are a packet filter's work.</summary>
    public const int Most = 256;

    /// <summary>The addresses from the first to the last; none when they are not of IPv4, the wrong way round, or too many.</summary>
    public static IReadOnlyList<IPAddress> Between(IPAddress? first, IPAddress? last)
    {
        if (first is not { AddressFamily: AddressFamily.InterNetwork } || last is not { AddressFamily: AddressFamily.InterNetwork })
        {
            return [];
        }

        var (begin, end) = (Number(first), Number(last));
        return end < begin || end - begin >= Most ? [] : [.. Enumerable.Range(0, (int)(end - begin) + 1).Select(i => Address(begin + (uint)i))];
    }

    /// <summary>The addresses of a network of this prefix, from the one named on.</summary>
    public static IReadOnlyList<IPAddress> Network(IPAddress? first, int prefix)
    {
        if (first is not { AddressFamily: AddressFamily.InterNetwork } || prefix is < 24 or > 32)
        {
            return [];
        }

        var last = Number(first) + (1L << (32 - prefix)) - 1;
        return last > uint.MaxValue ? [] : Between(first, Address((uint)last));
    }

    private static uint Number(IPAddress address) => BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());

    private static IPAddress Address(uint number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return new IPAddress(bytes);
    }
}
