using System.Text;

namespace Gateway.Clusters;

/// <summary>The <c>Sorry</c> section of a virtual server: what a TCP client gets when no destination can serve it, backups
/// included, before an orderly end.</summary>
internal sealed record RelaySorryOptions
{
    /// <summary>Most bytes: they are sent in one piece, which the smallest socket buffer takes.</summary>
    public const int MostBytes = 4096;

    /// <summary>The text.</summary>
    public string Body { get; init; } = "";

    /// <summary>Bytes in hexadecimal, blanks between them or not, instead of <see cref="Body"/>.</summary>
    public string BodyHex { get; init; } = "";

    public byte[] ToBytes() => BodyHex.Length > 0
        ? Convert.FromHexString(string.Concat(BodyHex.Where(c => c is not (' ' or '\t'))))
        : Encoding.UTF8.GetBytes(Body);
}
