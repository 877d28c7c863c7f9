using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Gateway.Hosting;

/// <summary>Text that a thread has made of bytes a short time ago: hosts and the paths that are asked for most come again and again, and
/// need not be made anew.</summary>
internal static class RecentText
{
    // Short enough to stay in the processor's caches, and long ones are seldom the same.
    private const int Places = 1 << 8;
    private const int Longest = 64;

    [ThreadStatic]
    private static string?[]? _recent;

    /// <summary>The text of ASCII bytes.</summary>
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > Longest)
        {
            return Encoding.ASCII.GetString(bytes);
        }

        var recent = _recent ??= new string?[Places];
        ref var place = ref recent[PlaceOf(bytes)];
        return place is not null && Ascii.Equals(bytes, place) ? place : place = Encoding.ASCII.GetString(bytes);
    }

    // By what hosts and paths differ in most: their beginning, their end and their length. Those that meet at one place cost what they would
    // cost without it.
    private static int PlaceOf(ReadOnlySpan<byte> bytes)
    {
        ulong start = 0;
        ulong end = 0;
        if (bytes.Length >= sizeof(ulong))
        {
            start = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            end = BinaryPrimitives.ReadUInt64LittleEndian(bytes[^sizeof(ulong)..]);
        }
        else
        {
            foreach (var value in bytes)
            {
                start = (start << 8) | value;
            }
        }

        return (int)(((start ^ BitOperations.RotateLeft(end, 29)) + (uint)bytes.Length) * 0x9E3779B97F4A7C15 >> 56);
    }
}
