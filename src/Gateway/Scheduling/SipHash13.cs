using System.Numerics;

namespace Gateway.Scheduling;

/// <summary>SipHash-1-3 of one 32-bit value, cut to 32 bits: the kernel's <c>hsiphash_1u32</c> on 64-bit machines.</summary>
/// <remarks>Aumasson and Bernstein, "SipHash: a fast short-input PRF", with one round a word and three at the end;
/// lib/siphash.c. Both words of the key are the same number here, as mh uses it.</remarks>
internal static class SipHash13
{
    public static uint Of(uint value, ulong key)
    {
        var v0 = key ^ 0x736f6d6570736575;
        var v1 = key ^ 0x646f72616e646f6d;
        var v2 = key ^ 0x6c7967656e657261;
        var v3 = key ^ 0x7465646279746573;

        // The last word holds the length in its highest byte and what is left of the message below.
        var word = (4UL << 56) | value;
        v3 ^= word;
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= word;
        v2 ^= 0xff;
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        return (uint)(v0 ^ v1 ^ v2 ^ v3);
    }

    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v0 += v1;
        v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
        v0 = BitOperations.RotateLeft(v0, 32);
        v2 += v3;
        v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
        v2 = BitOperations.RotateLeft(v2, 32);
    }
}
