using Gateway.Configuration;

namespace Gateway.Management.Api;

/// <summary>Something of a request is not right: a parameter of its query, or a key of its body.</summary>
/// <param name="name">The parameter or key, as the API names it.</param>
/// <param name="value">What was given; null when that says nothing.</param>
/// <param name="rule">What is wrong, as the end of a sentence that begins with the value.</param>
/// <param name="remedy">What to write instead.</param>
internal sealed class WrongRequestException(string name, string? value, string rule, string remedy) : Exception($"{name} {rule}")
{
    public string Name { get; } = name;

    public string? Value { get; } = value;

    public string Rule { get; } = rule;

    public string Remedy { get; } = remedy;

    /// <summary>A value that cannot be read as what it should be.</summary>
    /// <param name="name">The parameter or key.</param>
    /// <param name="value">What was given.</param>
    /// <param name="type">What it should be, as .NET names it.</param>
    public static WrongRequestException OfType(string name, string? value, string type)
    {
        var (rule, remedy) = RuleOf(type);
        return new(name, value, rule, remedy);
    }

    private static (string Rule, string Remedy) RuleOf(string type) =>
        type.Contains(nameof(TimeSpan), StringComparison.Ordinal) || type.Contains(nameof(WrittenTime), StringComparison.Ordinal)
            ? ("is no time", WrittenTime.Remedy)
        : type.Contains(nameof(DateTimeOffset), StringComparison.Ordinal) ? ("is no moment", "Write one such as 2026-11-25T06:00:00Z.")
        : type.Contains("bool", StringComparison.OrdinalIgnoreCase) ? ("is neither true nor false", "Write true or false.")
        : type.Contains("int", StringComparison.OrdinalIgnoreCase) || type.Contains("long", StringComparison.OrdinalIgnoreCase)
            ? ("is no whole number, or too large", "Write one such as 3.")
        : type.Contains("double", StringComparison.OrdinalIgnoreCase) ? ("is no number", "Write one such as 0.05.")
        : ("is no text", "Write it in quotation marks.");
}
