namespace Gateway.Scheduling;

/// <summary>The kernel's multiplicative hash: where in a table of 2^bits buckets a 32-bit value belongs.</summary>
/// <remarks>include/linux/hash.h, <c>hash_32</c>: times 2^32 divided by the golden ratio, the high bits of the product.
/// With 8 bits 10.0.0.1 is in bucket 39, 10.0.0.2 in 137.</remarks>
internal static class HashBuckets
{
    public static uint Of(uint value, int bits) => (value * 0x61C88647u) >> (32 - bits);
}
