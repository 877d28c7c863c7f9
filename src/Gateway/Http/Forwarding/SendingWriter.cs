using System.Globalization;
using System.Net;
using System.Text;

namespace Gateway.Http.Forwarding;

/// <summary>Puts bytes together in <see cref="Upstream.Sending"/>, which grows with them.</summary>
internal ref struct SendingWriter(Upstream upstream)
{
    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    public void Put(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        Length += bytes.Length;
    }

    /// <summary>Writes one byte for each character: that is how the server read them.</summary>
    public void Put(string text) => Length += Encoding.Latin1.GetBytes(text, Room(text.Length));

    /// <summary>Writes a header line.</summary>
    public void PutField(string name, string value)
    {
        const int Around = 4; // ": " and the end of the line.
        var length = name.Length + value.Length + Around;
        var line = Room(length)[..length];
        Encoding.Latin1.GetBytes(name, line);
        ": "u8.CopyTo(line[name.Length..]);
        Encoding.Latin1.GetBytes(value, line[(name.Length + 2)..]);
        "\r\n"u8.CopyTo(line[^2..]);
        Length += length;
    }

    public void Put(long number)
    {
        number.TryFormat(Room(20), out var written, default, CultureInfo.InvariantCulture);
        Length += written;
    }

    public void Put(IPAddress address)
    {
        const int MostBytes = 65;
        address.TryFormat(Room(MostBytes), out var written);
        Length += written;
    }

    private readonly Span<byte> Room(int bytes)
    {
        while (upstream.Sending.Length - Length < bytes)
        {
            upstream.GrowSending(Length);
        }

        return upstream.Sending.AsSpan(Length);
    }
}
