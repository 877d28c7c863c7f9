using System.Text;

namespace Gateway.Scheduling;

/// <summary>A piece of content or a name that hashing and locality schedulers look at, reduced to numbers.</summary>
/// <param name="Hash">32 bits, placed in the table of dh where the kernel places the destination address.</param>
/// <param name="Identity">64 bits that stand for the whole key where lblc and lblcr remember it.</param>
internal readonly record struct FlowKey(uint Hash, ulong Identity)
{
    public bool IsEmpty => Identity == 0;

    /// <summary>The key of a text: FNV-1a over its UTF-8 bytes in 64 bits, folded to 32; the same on every node and after
    /// every restart, unlike <see cref="string.GetHashCode()"/>.</summary>
    public static FlowKey OfText(ReadOnlySpan<char> text)
    {
        const ulong offset = 14695981039346656037;
        const ulong prime = 1099511628211;

        var hash = offset;
        Span<byte> utf8 = stackalloc byte[256];
        while (!text.IsEmpty)
        {
            var part = text[..Math.Min(text.Length, utf8.Length / 3)];
            var length = Encoding.UTF8.GetBytes(part, utf8);
            foreach (var b in utf8[..length])
            {
                hash = (hash ^ b) * prime;
            }

            text = text[part.Length..];
        }

        return new FlowKey((uint)(hash ^ (hash >> 32)), hash);
    }
}
