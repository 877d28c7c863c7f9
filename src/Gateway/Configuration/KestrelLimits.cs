using System.Globalization;

namespace Gateway.Configuration;

/// <summary>Checks what Kestrel would find out only when it starts: limits that do not go together.</summary>
internal static class KestrelLimits
{
    private const string Buffer = "MaxRequestBufferSize";
    private const long DefaultBuffer = 1 << 20;

    // What the buffer must hold as a whole, and what Kestrel takes where the file does not say.
    private static readonly (string Key, long Default)[] _contents =
        [("MaxRequestLineSize", 8 << 10), ("MaxRequestHeadersTotalSize", 32 << 10)];

    public static void Check(Section limits)
    {
        if (limits.Has(Buffer) && Size(limits, Buffer) is null)
        {
            return;
        }

        var buffer = Size(limits, Buffer) ?? DefaultBuffer;
        foreach (var (key, byDefault) in _contents)
        {
            var content = Size(limits, key) ?? byDefault;
            if (content <= buffer)
            {
                continue;
            }

            if (limits.Has(Buffer))
            {
                limits.Error(Buffer, Words($"is less than {key}, which is {content}"), Words($"Write at least {content}, or a smaller {key}."));
            }
            else
            {
                limits.Error(key, Words($"is more than {Buffer}, which is {buffer}"), Words($"Write {content} there as well, or less here."));
            }
        }
    }

    /// <summary>A size that is written; null when it is not, or is no number, which the schema reports.</summary>
    private static long? Size(Section limits, string key) =>
        long.TryParse(limits.Text(key), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var size) ? size : null;

    private static string Words(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
