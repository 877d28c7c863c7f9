using System.Numerics;

namespace Gateway.Kernel.Services;

/// <summary>The kernel's <c>jhash</c>, to know which key a flow has in a map that is kept by hash.</summary>
/// <remarks>Source: include/linux/jhash.h (Bob Jenkins' lookup3) over whole words, and <c>reciprocal_scale</c> of
/// include/linux/kernel.h, as net/netfilter/nft_hash.c uses them.</remarks>
internal static class JenkinsHash
{
    private const uint Start = 0xdeadbeef;

    /// <summary>The hash of bytes, a multiple of four, scaled to below <paramref name="modulus"/>.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes, uint seed, uint modulus) =>
        (uint)(((ulong)Hash(bytes, seed) * modulus) >> 32);

    private static uint Hash(ReadOnlySpan<byte> bytes, uint seed)
    {
        var a = Start + (uint)bytes.Length + seed;
        var (b, c) = (a, a);
        while (bytes.Length > 12)
        {
            a += BitConverter.ToUInt32(bytes);
            b += BitConverter.ToUInt32(bytes[4..]);
            c += BitConverter.ToUInt32(bytes[8..]);
            a = (a - c) ^ BitOperations.RotateLeft(c, 4);
            c += b;
            b = (b - a) ^ BitOperations.RotateLeft(a, 6);
            a += c;
            c = (c - b) ^ BitOperations.RotateLeft(b, 8);
            b += a;
            a = (a - c) ^ BitOperations.RotateLeft(c, 16);
            c += b;
            b = (b - a) ^ BitOperations.RotateLeft(a, 19);
            a += c;
            c = (c - b) ^ BitOperations.RotateLeft(b, 4);
            b += a;
            bytes = bytes[12..];
        }

        if (bytes.Length == 0)
        {
            return c;
        }

        a += BitConverter.ToUInt32(bytes);
        b += bytes.Length > 4 ? BitConverter.ToUInt32(bytes[4..]) : 0;
        c += bytes.Length > 8 ? BitConverter.ToUInt32(bytes[8..]) : 0;
        c = (c ^ b) - BitOperations.RotateLeft(b, 14);
        a = (a ^ c) - BitOperations.RotateLeft(c, 11);
        b = (b ^ a) - BitOperations.RotateLeft(a, 25);
        c = (c ^ b) - BitOperations.RotateLeft(b, 16);
        a = (a ^ c) - BitOperations.RotateLeft(c, 4);
        b = (b ^ a) - BitOperations.RotateLeft(a, 14);
        return (c ^ b) - BitOperations.RotateLeft(b, 24);
    }
}
