using System.Text;

namespace Gateway.Configuration;

/// <summary>One thing that is wrong with a configuration, in words an operator can act on.</summary>
/// <param name="Key">Path of the key as .NET writes it, such as <c>VirtualServers:smtp:Listen:0</c>.</param>
/// <param name="Value">What is written there, <see cref="Secrets.Hidden"/> of a secret; null when nothing is, or when it is a
/// whole section.</param>
/// <param name="Rule">What is wrong, as the end of a sentence that begins with the value.</param>
/// <param name="Remedy">What to write instead.</param>
/// <param name="Origin">Where it is written, when known.</param>
internal sealed record ConfigurationError(string Key, string? Value, string Rule, string Remedy, Origin? Origin = null)
{
    private const int LongestValue = 80;

    public string? Value { get; } = Value is not null && Secrets.IsAt(Key) ? Secrets.Hidden : Value;

    /// <summary>One line: place, key, value, rule, remedy.</summary>
    public override string ToString()
    {
        var line = new StringBuilder();
        if (Origin is { } origin)
        {
            line.Append(origin).Append(": ");
        }

        if (Key.Length > 0)
        {
            line.Append(Key).Append(": ");
        }

        if (Value is not null)
        {
            line.Append('\'').Append(Printable(Value)).Append("' ");
        }

        return line.Append(Rule).Append(". ").Append(Remedy).ToString();
    }

    /// <summary>Keeps an error on one line whatever its value holds.</summary>
    private static string Printable(string value)
    {
        var shown = value.Length <= LongestValue ? value : value[..LongestValue] + "…";
        return string.Concat(shown.Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString()));
    }
}
