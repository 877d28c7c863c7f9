using System.Buffers.Binary;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>The bytes of a TLS ClientHello, made by hand so that they can be cut and bent.</summary>
internal static class HelloBytes
{
    /// <summary>A ClientHello in records of at most this many bytes.</summary>
    public static byte[] Of(string? name, string[]? protocols = null, int recordSize = 16 * 1024, int padding = 0)
    {
        List<byte> extensions = [];
        Add(extensions, 0x002B, [2, 3, 4]);
        if (name is not null)
        {
            var host = Encoding.ASCII.GetBytes(name);
            Add(extensions, 0, Vector(2, [0, .. Vector(2, host)]));
        }

        if (protocols is not null)
        {
            Add(extensions, 16, Vector(2, [.. protocols.SelectMany(p => Vector(1, Encoding.ASCII.GetBytes(p)))]));
        }

        if (padding > 0)
        {
            Add(extensions, 21, new byte[padding]);
        }

        byte[] body =
        [
            3, 3, .. new byte[32], .. Vector(1, new byte[32]), .. Vector(2, [0x13, 0x01]), .. Vector(1, [0]),
            .. Vector(2, [.. extensions]),
        ];
        byte[] message = [1, (byte)(body.Length >> 16), (byte)(body.Length >> 8), (byte)body.Length, .. body];
        return [.. message.Chunk(recordSize).SelectMany(piece => (byte[])[22, 3, 1, .. Vector(2, piece)])];
    }

    private static void Add(List<byte> extensions, ushort type, byte[] content) =>
        extensions.AddRange([(byte)(type >> 8), (byte)type, .. Vector(2, content)]);

    private static byte[] Vector(int width, byte[] content)
    {
        var length = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)content.Length);
        return [.. length[(2 - width)..], .. content];
    }
}
