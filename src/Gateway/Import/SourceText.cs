using System.Text;

namespace Gateway.Import;

/// <summary>The lines of a file to import, whatever ends them, and bounded in number and size.</summary>
internal sealed class SourceText
{
    /// <summary>Far above any configuration written by people; guards against being given a log or a disk image.</summary>
    public const int LargestBytes = 4 * 1024 * 1024;

    public const int MostLines = 100_000;

    /// <summary>How deep blocks may lie in each other.</summary>
    public const int Deepest = 32;

    private SourceText(IReadOnlyList<string> lines, bool hasCarriageReturns)
    {
        Lines = lines;
        HasCarriageReturns = hasCarriageReturns;
    }

    public IReadOnlyList<string> Lines { get; }

    /// <summary>Whether lines end with a carriage return, as DOS writes them.</summary>
    public bool HasCarriageReturns { get; }

    /// <exception cref="ImportException">Too long, empty, or no text.</exception>
    public static SourceText Of(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > LargestBytes)
        {
            throw new ImportException($"has more than {LargestBytes} bytes. Check that it is a configuration file.");
        }

        var content = bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;
        // Old files hold the letters of Latin-1, in comments mostly, and every byte is one of its letters.
        return Of(System.Text.Unicode.Utf8.IsValid(content)
            ? Encoding.UTF8.GetString(content)
            : Encoding.Latin1.GetString(content));
    }

    /// <exception cref="ImportException">Too long, empty, or no text.</exception>
    public static SourceText Of(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new ImportException("holds a zero byte. Check that it is a text file.");
        }

        var hasCarriageReturns = text.Contains('\r', StringComparison.Ordinal);
        var lines = text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
        return lines.Length > MostLines ? throw new ImportException($"has more than {MostLines} lines.")
            : lines.All(string.IsNullOrWhiteSpace) ? throw new ImportException("is empty.")
            : new SourceText(lines, hasCarriageReturns);
    }
}
