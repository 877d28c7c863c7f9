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
/// <c>x-maximum</c> (of a time), <c>x-unlimited</c> (a time that may be none, as Kestrel writes that), <c>x-secret</c> (is never shown), <c>x-admin</c> (is shown to the role admin only) and
/// <c>x-login</c> (the management API changes it for somebody who has logged in only). The last three hold for everything
/// below as well.
/// </remarks>
internal sealed class Schema
{
    private readonly JsonElement _root;
    private readonly JsonElement? _properties;
    private readonly JsonElement? _items;
    private readonly JsonElement? _others;
    private readonly string? _pattern;

    // Only what stands at this key: what stands below it is read when somebody asks. A start asks for what its file has.
    private Schema(JsonElement written, JsonElement root, Schema? above = null)
    {
        _root = root;
        IsSecret = above is { IsSecret: true };
        IsForAdmins = above is { IsForAdmins: true };
        NeedsLogin = above is { NeedsLogin: true };
        foreach (var word in Words(written, root))
        {
            var value = word.Value;
            switch (word.Name)
            {
                case "type":
                    TakesSingle = value.ValueKind == JsonValueKind.Array;
                    Type = (TakesSingle ? value[0] : value).GetString()!;
                    break;
                case "format":
                    Format = value.GetString();
                    break;
                case "description":
                    Description = value.GetString()!;
                    break;
                case "x-rule":
                    Rule = value.GetString();
                    break;
                case "x-remedy":
                    Remedy = value.GetString();
                    break;
                case "minimum":
                    Minimum = value.GetDecimal();
                    break;
                case "maximum":
                    Maximum = value.GetDecimal();
                    break;
                case "exclusiveMinimum":
                    ExclusiveMinimum = value.GetDecimal();
                    break;
                case "x-minimum":
                    Shortest = Time(value);
                    break;
                case "x-maximum":
                    Longest = Time(value);
                    break;
                case "x-unlimited":
                    MayBeUnlimited = value.ValueKind == JsonValueKind.True;
                    break;
                case "pattern":
                    _pattern = value.GetString();
                    break;
                case "enum":
                    Enum = Strings(value);
                    break;
                case "examples":
                    Examples = Strings(value);
                    break;
                case "required":
                    Required = Strings(value);
                    break;
                case "default":
                    Default = value.GetRawText().Trim('"');
                    break;
                case "x-secret":
                    IsSecret |= value.ValueKind == JsonValueKind.True;
                    break;
                case "x-admin":
                    IsForAdmins |= value.ValueKind == JsonValueKind.True;
                    break;
                case "x-login":
                    NeedsLogin |= value.ValueKind == JsonValueKind.True;
                    break;
                case "not":
                    IsForbidden = true;
                    break;
                case "items":
                    _items = value;
                    break;
                case "properties":
                    _properties = value;
                    break;
                case "additionalProperties" when value.ValueKind == JsonValueKind.Object:
                    _others = value;
                    break;
                case "additionalProperties":
                    IsClosed = value.ValueKind == JsonValueKind.False;
                    break;
            }
        }
    }

    /// <summary>The schema that ships with the program.</summary>
    public static Schema Gateway { get; } = Load();

    /// <summary><c>object</c>, <c>array</c>, <c>string</c>, <c>integer</c>, <c>number</c>, <c>boolean</c> or
    /// <c>any</c>.</summary>
    public string Type { get; } = "any";

    /// <summary>Whether a single value may stand for a list of one.</summary>
    public bool TakesSingle { get; }

    public string? Format { get; }

    /// <summary>What the key means; the documentation says the same.</summary>
    public string Description { get; } = "";

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

    /// <summary>Whether <c>-00:00:00.001</c>, .NET's word for a time without end, fits as well.</summary>
    public bool MayBeUnlimited { get; }

    public Regex? Pattern => field ??= _pattern is null ? null : new Regex(_pattern, RegexOptions.CultureInvariant);

    public IReadOnlyList<string> Enum { get; } = [];

    public IReadOnlyList<string> Examples { get; } = [];

    public IReadOnlyList<string> Required { get; } = [];

    /// <summary>Whether what stands here is shown to nobody: not by the API, the log, events or errors.</summary>
    public bool IsSecret { get; }

    /// <summary>Whether what stands here often holds a secret among other things, so that the API shows it to admins only.
    /// </summary>
    public bool IsForAdmins { get; }

    /// <summary>Whether the management API changes it for somebody who has logged in only, because whoever sets it can do
    /// what Gateway's user can.</summary>
    public bool NeedsLogin { get; }

    /// <summary>Whether nothing may be here: a key that is known and not supported.</summary>
    public bool IsForbidden { get; }

    /// <summary>Whether keys other than <see cref="Properties"/> are errors.</summary>
    public bool IsClosed { get; }

    public Schema? Items => field ??= Below(_items);

    /// <summary>What keys other than <see cref="Properties"/> hold; null when anything may stand there.</summary>
    public Schema? Others => field ??= Below(_others);

    public IReadOnlyDictionary<string, Schema> Properties => field ??= ReadProperties();

    /// <summary>Whether a whole section stands here rather than one value.</summary>
    public bool IsSection => Type is "object" or "array";

    /// <summary>The schema of the child with this key, or null when the key is unknown or anything may stand
    /// there.</summary>
    public Schema? Child(string key) => Type == "array" ? Items : Properties.GetValueOrDefault(key) ?? Others;

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

    /// <summary>Whether a value may be given at <paramref name="path"/>; at a key that is known and not supported none may.</summary>
    public bool KnowsValueAt(string path)
    {
        var schema = this;
        foreach (var key in path.Split(':'))
        {
            if (schema is { IsSection: false, Type: not "any" }
                || (schema.IsClosed && !schema.Properties.ContainsKey(key)))
            {
                return false;
            }

            if (schema.Child(key) is not { } child)
            {
                return true;
            }

            if (child.IsForbidden)
            {
                return false;
            }

            schema = child;
        }

        return !schema.IsSection || schema.TakesSingle;
    }

    private static Schema Load()
    {
        using var stream = typeof(Schema).Assembly.GetManifestResourceStream("Gateway.appsettings.schema.json")!;
        var root = JsonDocument.Parse(stream).RootElement;
        return new Schema(root, root);
    }

    /// <summary>The words of a node; what it says itself goes over what the definition that it refers to says.</summary>
    private static IEnumerable<JsonProperty> Words(JsonElement written, JsonElement root)
    {
        if (written.TryGetProperty("$ref", out var reference))
        {
            var definition = root.GetProperty("definitions").GetProperty(reference.GetString()!["#/definitions/".Length..]);
            foreach (var word in definition.EnumerateObject())
            {
                if (!written.TryGetProperty(word.Name, out _))
                {
                    yield return word;
                }
            }
        }

        foreach (var word in written.EnumerateObject())
        {
            yield return word;
        }
    }

    private Schema? Below(JsonElement? written) => written is { } child ? new Schema(child, _root, this) : null;

    private Dictionary<string, Schema> ReadProperties()
    {
        var properties = new Dictionary<string, Schema>(StringComparer.OrdinalIgnoreCase);
        if (_properties is { } written)
        {
            foreach (var property in written.EnumerateObject())
            {
                properties.Add(property.Name, new Schema(property.Value, _root, this));
            }
        }

        return properties;
    }

    private static string[] Strings(JsonElement array)
    {
        var strings = new string[array.GetArrayLength()];
        for (var i = 0; i < strings.Length; i++)
        {
            strings[i] = array[i].GetString()!;
        }

        return strings;
    }

    private static TimeSpan Time(JsonElement text) => TimeSpan.Parse(text.GetString()!, CultureInfo.InvariantCulture);
}
