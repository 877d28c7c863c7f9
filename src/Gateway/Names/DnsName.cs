using System.Globalization;
using System.Text;

namespace Gateway.Names;

/// <summary>Names as DNS messages hold them: labels of 1 to 63 bytes, each after its length, and an empty one at the
/// end.</summary>
internal static class DnsName
{
    public const int MaxBytes = 255;
    public const int MaxLabel = 63;

    /// <summary>The bytes of a name in ASCII without a dot at its end; <c>""</c> is the root.</summary>
    /// <exception cref="FormatException">It is no name.</exception>
    public static byte[] Encode(string name)
    {
        if (name.Length == 0)
        {
            return [0];
        }

        var bytes = new List<byte>();
        foreach (var label in name.Split('.'))
        {
            if (label.Length is 0 or > MaxLabel)
            {
                throw new FormatException($"'{name}' has a label of {label.Length} bytes; 1 to {MaxLabel} are possible");
            }

            bytes.Add((byte)label.Length);
            bytes.AddRange(Encoding.ASCII.GetBytes(label));
        }

        bytes.Add(0);
        return bytes.Count <= MaxBytes ? [.. bytes] : throw new FormatException($"'{name}' is longer than {MaxBytes} bytes");
    }

    /// <summary>Whether it can be asked for, as people write it.</summary>
    public static bool IsName(string name)
    {
        try
        {
            Encode(ToAscii(name.TrimEnd('.')));
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>The name in ASCII, encoded by IDNA if need be.</summary>
    /// <exception cref="FormatException">It cannot be.</exception>
    public static string ToAscii(string name)
    {
        if (Ascii.IsValid(name))
        {
            return name;
        }

        try
        {
            return new IdnMapping().GetAscii(name);
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"'{name}' is no name: {e.Message}", e);
        }
    }
}
