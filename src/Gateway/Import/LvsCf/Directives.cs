using System.Globalization;

namespace Gateway.Import.LvsCf;

/// <summary>The directives of one block by name. Of one that is there twice the last counts, as in piranha.</summary>
internal sealed class Directives
{
    private readonly Dictionary<string, Statement> _byName = new(StringComparer.Ordinal);

    public Directives(IEnumerable<Statement> block)
    {
        foreach (var statement in block.Where(statement => !statement.IsBlock && statement.Name != "}"))
        {
            if (_byName.TryGetValue(statement.Name, out var earlier))
            {
                earlier.Whole(Verdict.Same, string.Create(CultureInfo.InvariantCulture, $"line {statement.Line} overrides it"));
            }

            _byName[statement.Name] = statement;
        }
    }

    /// <summary>The directive in force, or null when there is none.</summary>
    public Statement? this[string name] => _byName.GetValueOrDefault(name);

    public bool Has(string name) => _byName.ContainsKey(name);

    /// <summary>Judges these directives alike, where they are.</summary>
    public void Judge(Verdict verdict, string? note, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (note is null)
            {
                this[name]?.Judge(verdict);
            }
            else
            {
                this[name]?.Whole(verdict, note);
            }
        }
    }

    /// <summary>A number as C reads it: decimal, 0x hexadecimal, 0 octal, with a sign. What is none is told, and the default is
    /// used.</summary>
    /// <param name="name">The directive.</param>
    /// <param name="otherwise">Its value when it is not there.</param>
    public long Number(string name, long otherwise)
    {
        if (this[name] is not { } statement)
        {
            return otherwise;
        }

        if (ParseNumber(Unquoted(statement.Value)) is { } number)
        {
            if (statement.Value.Length > 1 && statement.Value[0] == '0')
            {
                statement.Remark(string.Create(CultureInfo.InvariantCulture, $"read as C does: {number}"));
            }

            return number;
        }

        statement.Approximated(string.Create(CultureInfo.InvariantCulture,
            $"'{statement.Value}' is no whole number; the default, {otherwise}, is used"));
        return otherwise;
    }

    /// <summary>A flag, 0 or 1.</summary>
    public bool Flag(string name, bool otherwise)
    {
        var number = Number(name, otherwise ? 1 : 0);
        if (number is not (0 or 1))
        {
            this[name]!.Remark("piranha takes 0 and 1 only, and would have refused this line; taken for 1");
        }

        return number != 0;
    }

    /// <summary>The first word of a value without quotes.</summary>
    public string? Word(string name) => this[name] is { Words.Count: > 1 } statement ? Unquoted(statement.Value) : null;

    public static string Unquoted(string word) =>
        word.Length > 1 && word[0] is '"' or '\'' && word[^1] == word[0] ? word[1..^1] : word.Trim('"');

    /// <summary>A number as C reads it, or null.</summary>
    public static long? ParseNumber(string word)
    {
        var (sign, digits) = word.StartsWith('-') ? (-1, word[1..]) : (1, word.TrimStart('+'));
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return long.TryParse(digits.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex)
                && hex is >= 0 and <= int.MaxValue ? sign * hex : null;
        }

        if (Words.Whole(digits) is not { } number || number > int.MaxValue)
        {
            return null;
        }

        if (digits.Length == 1 || digits[0] != '0')
        {
            return sign * number;
        }

        return digits.All(c => c is >= '0' and <= '7') ? sign * digits.Aggregate(0L, (sum, c) => (sum * 8) + (c - '0')) : null;
    }
}
