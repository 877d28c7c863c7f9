using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gateway.Configuration;

/// <summary>One node of the schema of the configuration: what may stand at a key.</summary>
/// <remarks>
/// <c>appsettings.schema.json</c> is the one list of known keys, types and ranges: editors complete by it, the program
/// checks by it, and tests hold it against the documentation. Of JSON Schema it uses <c>type</c>, <c>properties</c>,
/// <c>additionalProperties</c>, <c>items</c>, <c>required</c>, <c>enum</c>, <c>minimum</c>, <c>maximum</c>,
/// <c>exclusiveMinimum</c>, <c>pattern</c>, <c>format</c>, <c>not</c> and <c>$ref</c>; and of its own, because no
/// standard word says it, <c>x-rule</c> and <c>x-remedy</c> (the words of an error), <c>x-minimum</c> and
/// <c>x-maximum</c> (of a time), <c>x-secret</c> (is never shown) and <c>x-login</c> (the management API changes it for
/// somebody who has logged in only). The last two hold for everything below as well.
/// </remarks>
internal sealed class Schema
{
    private readonly Dictionary<string, Schema> _properties = new(StringComparer.OrdinalIgnoreCase);

    private Schema(JsonElement written, JsonElement root, Schema? above = null)
    {
        var target = written.TryGetProperty("$ref", out var reference)
            ? Definition(root, reference.GetString()!) : default;

        JsonElement? Word(string name) =>
            written.TryGetProperty(name, out var own) ? own
            : target.ValueKind == JsonValueKind.Object && target.TryGetProperty(name, out var theirs) ? theirs
            : null;

        var type = Word("type");
        TakesSingle = type is { ValueKind: JsonValueKind.Array };
        Type = TakesSingle ? type!.Value[0].GetString()! : type?.GetString() ?? "any";
        Format = Word("format")?.GetString();
        Description = Word("description")?.GetString() ?? "";
        Rule = Word("x-rule")?.GetString();
        Remedy = Word("x-remedy")?.GetString();
        Minimum = Word("minimum")?.GetDecimal();
        Maximum = Word("maximum")?.GetDecimal();
        ExclusiveMinimum = Word("exclusiveMinimum")?.GetDecimal();
        Shortest = Time(Word("x-minimum"));
        Longest = Time(Word("x-maximum"));
        Pattern = Word("pattern") is { } pattern
            ? new Regex(pattern.GetString()!, RegexOptions.CultureInvariant) : null;
        Enum = [.. Strings(Word("enum"))];
        Examples = [.. Strings(Word("examples"))];
        Default = Word("default")?.GetRawText().Trim('"');
        Required = [.. Strings(Word("required"))];
        IsSecret = above is { IsSecret: true } || Word("x-secret") is { ValueKind: JsonValueKind.True };
        NeedsLogin = above is { NeedsLogin: true } || Word("x-login") is { ValueKind: JsonValueKind.True };
        IsForbidden = Word("not") is not null;
        Items = Word("items") is { } items ? new Schema(items, root, this) : null;
        var others = Word("additionalProperties");
        IsClosed = others is { ValueKind: JsonValueKind.False };
        Others = others is { ValueKind: JsonValueKind.Object } ? new Schema(others.Value, root, this) : null;
        if (Word("properties") is { } properties)
        {
            foreach (var property in properties.EnumerateObject())
            {
                _properties.Add(property.Name, new Schema(property.Value, root, this));
            }
        }
    }

    /// <summary>The schema that ships with the program.</summary>
    public static Schema Gateway { get; } = Load();

    /// <summary><c>object</c>, <c>array</c>, <c>string</c>, <c>integer</c>, <c>number</c>, <c>boolean</c> or
    /// <c>any</c>.</summary>
    public string Type { get; }

    /// <summary>Whether a single value may stand for a list of one.</summary>
    public bool TakesSingle { get; }

    public string? Format { get; }

    /// <summary>What the key means; the documentation says the same.</summary>
    public string Description { get; }

    /// <summary>What holds when the key is absent; null when that is said by <see cref="Description"/>.</summary>
    public string? Default { get; }

    /// <summary>What an error says instead of the words made from the other members.</summary>
    public string? Rule { get; }

    public string? Remedy { get; }

    public decimal? Minimum { get; }

    public decimal? Maximum { get; }

    public decimal? ExclusiveMinimum { get; }

    public TimeSpan? Shortest { get; }

    public TimeSpan? Longest { get; }

    public Regex? Pattern { get; }

    public IReadOnlyList<string> Enum { get; }

    public IReadOnlyList<string> Examples { get; }

    public IReadOnlyList<string> Required { get; }

    /// <summary>Whether what stands here is shown to nobody: not by the API, the log, events or errors.</summary>
    public bool IsSecret { get; }

    /// <summary>Whether the management API changes it for somebody who has logged in only, because whoever sets it can do
    /// what Gateway's user can.</summary>
    public bool NeedsLogin { get; }

    /// <summary>Whether nothing may be here: a key that is known and not supported.</summary>
    public bool IsForbidden { get; }

    /// <summary>Whether keys other than <see cref="Properties"/> are errors.</summary>
    public bool IsClosed { get; }

    public Schema? Items { get; }

    /// <summary>What keys other than <see cref="Properties"/> hold; null when anything may stand there.</summary>
    public Schema? Others { get; }

    public IReadOnlyDictionary<string, Schema> Properties => _properties;

    /// <summary>Whether a whole section stands here rather than one value.</summary>
    public bool IsSection => Type is "object" or "array";

    /// <summary>The schema of the child with this key, or null when the key is unknown or anything may stand
    /// there.</summary>
    public Schema? Child(string key) => Type == "array" ? Items : _properties.GetValueOrDefault(key) ?? Others;

    /// <summary>The schema at a path, or the deepest known one above it.</summary>
    public Schema Nearest(string path)
    {
        var schema = this;
        foreach (var key in path.Split(':'))
        {
            if (schema.Child(key) is not { } child)
            {
                break;
            }

            schema = child;
        }

        return schema;
    }

    /// <summary>Whether a value may be given at <paramref name="path"/>.</summary>
    public bool KnowsValueAt(string path)
    {
        var schema = this;
        foreach (var key in path.Split(':'))
        {
            if (schema is { IsSection: false, Type: not "any" }
                || (schema.IsClosed && !schema._properties.ContainsKey(key)))
            {
                return false;
            }

            if (schema.Child(key) is not { } child)
            {
                return true;
            }

            schema = child;
        }

        return !schema.IsSection || schema.TakesSingle;
    }

    private static Schema Load()
    {
        using var stream = typeof(Schema).Assembly.GetManifestResourceStream("Gateway.appsettings.schema.json")!;
        using var document = JsonDocument.Parse(stream);
        return new Schema(document.RootElement, document.RootElement);
    }

    private static JsonElement Definition(JsonElement root, string reference) =>
        root.GetProperty("definitions").GetProperty(reference["#/definitions/".Length..]);

    private static IEnumerable<string> Strings(JsonElement? array) =>
        array?.EnumerateArray().Select(item => item.GetString()!) ?? [];

    private static TimeSpan? Time(JsonElement? text) =>
        text is null ? null : TimeSpan.Parse(text.Value.GetString()!, CultureInfo.InvariantCulture);
}
