using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Scheduling;

/// <summary>A piece of content, a name or an address that hashing and locality schedulers look at, reduced to
/// numbers.</summary>
/// <param name="Hash">32 bits, placed in the table of dh where the kernel places the destination address.</param>
/// <param name="Identity">64 bits that stand for the whole key where lblc and lblcr remember it.</param>
internal readonly record struct FlowKey(uint Hash, ulong Identity)
{
    private const ulong FnvOffset = 14695981039346656037;
    private const ulong FnvPrime = 1099511628211;

    public bool IsEmpty => Identity == 0;

    /// <summary>The key of a text: FNV-1a over its UTF-8 bytes in 64 bits, folded to 32; the same on every node and after
    /// every restart, unlike <see cref="string.GetHashCode()"/>.</summary>
    public static FlowKey OfText(ReadOnlySpan<char> text)
    {
        var hash = FnvOffset;
        Span<byte> utf8 = stackalloc byte[256];
        while (!text.IsEmpty)
        {
            var part = text[..Math.Min(text.Length, utf8.Length / 3)];
            var length = Encoding.UTF8.GetBytes(part, utf8);
            foreach (var b in utf8[..length])
            {
                hash = (hash ^ b) * FnvPrime;
            }

            text = text[part.Length..];
        }

        return new FlowKey((uint)(hash ^ (hash >> 32)), hash);
    }

    /// <summary>
    /// The key of an address. Its hash is what the kernel hashes: an IPv4 address as a number, the exclusive or of the
    /// four words of an IPv6 address. A mapped IPv4 address is the IPv4 address; none at all is the empty key.
    /// </summary>
    /// <param name="address">The address.</param>
    /// <param name="mask4">How many bits of an IPv4 address count; the others are taken as 0.</param>
    /// <param name="mask6">The same of an IPv6 address.</param>
    public static FlowKey OfAddress(IPAddress? address, int mask4 = 32, int mask6 = 128)
    {
        if (address is null)
        {
            return default;
        }

        Span<byte> bytes = stackalloc byte[16];
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            address.TryWriteBytes(bytes, out _);
            return OfIPv4(bytes, mask4);
        }

        address.TryWriteBytes(bytes, out _);
        if (address.IsIPv4MappedToIPv6)
        {
            return OfIPv4(bytes[12..], mask4);
        }

        // A shift takes only the low bits of its count: by 64 it would do nothing.
        var high = BinaryPrimitives.ReadUInt64BigEndian(bytes) & (mask6 <= 0 ? 0 : ulong.MaxValue << Math.Max(64 - mask6, 0));
        var low = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]) & (mask6 <= 64 ? 0 : ulong.MaxValue << (128 - mask6));
        var folded = high ^ low;
        return new FlowKey((uint)(folded ^ (folded >> 32)), (((FnvOffset ^ high) * FnvPrime) ^ low) * FnvPrime);
    }

    // The bit above the address tells 0.0.0.0 from no address.
    private static FlowKey OfIPv4(ReadOnlySpan<byte> bytes, int mask)
    {
        var number = BinaryPrimitives.ReadUInt32BigEndian(bytes) & (mask <= 0 ? 0 : uint.MaxValue << (32 - mask));
        return new FlowKey(number, (1UL << 32) | number);
    }
}
