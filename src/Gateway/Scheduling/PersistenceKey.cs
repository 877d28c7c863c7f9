using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>What persistence remembers a client by: its address cut by a mask, or the value of a cookie or header.</summary>
internal readonly record struct PersistenceKey(PersistenceKeyKind Kind, UInt128 Bits)
{
    /// <summary>The key of this flow, or null when it has none: no address, no such cookie.</summary>
    public static PersistenceKey? Of(in Flow flow, PersistenceOptions options)
    {
        if (options.Key != "client")
        {
            return flow.PersistenceKey.IsEmpty
                ? null
                : new PersistenceKey(PersistenceKeyKind.Text, flow.PersistenceKey.Identity);
        }

        if (flow.Client is not { } client)
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[16];
        client.TryWriteBytes(bytes, out _);
        if (client.AddressFamily == AddressFamily.InterNetwork)
        {
            return OfIPv4(bytes, options.Mask4);
        }

        return client.IsIPv4MappedToIPv6
            ? OfIPv4(bytes[12..], options.Mask4)
            : new PersistenceKey(
                PersistenceKeyKind.IPv6,
                options.Mask6 == 0 ? 0 : BinaryPrimitives.ReadUInt128BigEndian(bytes) & (UInt128.MaxValue << (128 - options.Mask6)));
    }

    /// <summary>The client's network as an address, or the hash of the text in hexadecimal.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Bits);
        return Kind switch
        {
            PersistenceKeyKind.IPv4 => new IPAddress(bytes[12..]).ToString(),
            PersistenceKeyKind.IPv6 => new IPAddress(bytes).ToString(),
            _ => ((ulong)Bits).ToString("x16", CultureInfo.InvariantCulture),
        };
    }

    private static PersistenceKey OfIPv4(ReadOnlySpan<byte> bytes, int mask) => new(
        PersistenceKeyKind.IPv4, mask == 0 ? 0 : BinaryPrimitives.ReadUInt32BigEndian(bytes) & (uint.MaxValue << (32 - mask)));
}

/// <summary>What the bits of a <see cref="PersistenceKey"/> are.</summary>
internal enum PersistenceKeyKind : byte
{
    IPv4,

    IPv6,

    /// <summary>The identity of a text: 64 bits of its hash.</summary>
    Text,
}
