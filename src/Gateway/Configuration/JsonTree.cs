using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gateway.Configuration;

/// <summary>Reads JSON with comments and trailing commas into nodes that know their line and column.</summary>
internal sealed class JsonTree
{
    /// <summary>Far above any real configuration; guards against being pointed at a log or a disk image.</summary>
    public const int LargestFileBytes = 16 * 1024 * 1024;

    private readonly byte[] _json;
    private readonly string _source;
    private readonly List<ConfigurationError> _errors;
    private readonly List<int> _lineStarts = [0];

    private JsonTree(byte[] json, string source, List<ConfigurationError> errors)
    {
        _json = json;
        _source = source;
        _errors = errors;
        for (var i = 0; i < json.Length; i++)
        {
            if (json[i] == (byte)'\n')
            {
                _lineStarts.Add(i + 1);
            }
        }
    }

    /// <summary>Reads <paramref name="json"/>; what is wrong goes to <paramref name="errors"/>, and the result is null
    /// when nothing could be read.</summary>
    public static ConfigurationNode? Parse(byte[] json, string source, List<ConfigurationError> errors)
    {
        // A byte order mark is what some editors put in front; it is no JSON.
        var content = json.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? json[Encoding.UTF8.Preamble.Length..] : json;
        return new JsonTree(content, source, errors).Read();
    }

    private ConfigurationNode? Read()
    {
        var reader = new Utf8JsonReader(
            _json, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        try
        {
            reader.Read();
            var root = ReadValue(ref reader, "");
            reader.Read();
            if (root.Kind == NodeKind.Object)
            {
                return root;
            }

            _errors.Add(new("", null, "is not a JSON object", "Begin the file with { and end it with }.", root.Origin));
        }
        catch (JsonException e)
        {
            _errors.Add(new("", null, $"is not valid JSON: {Reason(e)}",
                "Correct the syntax at or just before this place.", PlaceOf(e)));
        }
        catch (InvalidOperationException e)
        {
            // A text with half a surrogate pair, or bytes that are not UTF-8.
            _errors.Add(new("", null, $"is not valid text: {e.Message.TrimEnd('.')}", "Save the file as UTF-8.",
                OriginAt((int)reader.TokenStartIndex)));
        }

        return null;
    }

    private ConfigurationNode ReadValue(ref Utf8JsonReader reader, string path)
    {
        var origin = OriginAt((int)reader.TokenStartIndex);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return ReadObject(ref reader, path, origin);
            case JsonTokenType.StartArray:
                return ReadArray(ref reader, path, origin);
            case JsonTokenType.String:
                return new ConfigurationNode(NodeKind.String, reader.GetString(), origin);
            case JsonTokenType.Number:
                return new ConfigurationNode(NodeKind.Number, Encoding.UTF8.GetString(reader.ValueSpan), origin);
            case JsonTokenType.Null:
                return new ConfigurationNode(NodeKind.Null, null, origin);
            default:
                return new ConfigurationNode(NodeKind.Boolean, reader.GetBoolean() ? "True" : "False", origin);
        }
    }

    private ConfigurationNode ReadObject(ref Utf8JsonReader reader, string path, Origin origin)
    {
        var node = new ConfigurationNode(NodeKind.Object, null, origin);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            var keyOrigin = OriginAt((int)reader.TokenStartIndex);
            var keyPath = Join(path, key);
            reader.Read();
            var child = ReadValue(ref reader, keyPath);
            if (key.Length == 0 || key.Contains(':'))
            {
                _errors.Add(new(keyPath, null,
                    key.Length == 0 ? "has an empty key" : $"has a key, '{key}', that contains ':'",
                    "The colon separates the parts of a path; use another character in an id, and sections for a path.",
                    keyOrigin));
            }
            else if (!node.TryAdd(key, child))
            {
                _errors.Add(new(keyPath, null, $"is there twice, first at {node.Find(key)!.Origin}",
                    "Keep one of the two; case makes no difference.", keyOrigin));
            }
        }

        return node;
    }

    private ConfigurationNode ReadArray(ref Utf8JsonReader reader, string path, Origin origin)
    {
        var node = new ConfigurationNode(NodeKind.Array, null, origin);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var key = node.Children.Count.ToString(CultureInfo.InvariantCulture);
            node.TryAdd(key, ReadValue(ref reader, Join(path, key)));
        }

        return node;
    }

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}:{key}";

    private Origin OriginAt(int offset)
    {
        var found = _lineStarts.BinarySearch(offset);
        var line = found >= 0 ? found : ~found - 1;
        var before = _json.AsSpan(_lineStarts[line]..offset);
        return new Origin(_source, line + 1, Encoding.UTF8.GetCharCount(before) + 1);
    }

    /// <summary>The reader counts lines from 0 and says so at the end of its message; ours count from 1.</summary>
    private Origin PlaceOf(JsonException e) =>
        new(_source, (int)(e.LineNumber ?? 0) + 1, (int)(e.BytePositionInLine ?? 0) + 1);

    private static string Reason(JsonException e)
    {
        var end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        var reason = (end < 0 ? e.Message : e.Message[..end]).TrimEnd('.');
        return e.Message.Contains("does not contain any JSON tokens", StringComparison.Ordinal) ? "it is empty"
            : reason.StartsWith("Expected depth to be zero", StringComparison.Ordinal) ? "a section or a list is not closed"
            : reason.Replace(", when isFinalBlock is true", "", StringComparison.Ordinal)
                .Replace(" when isFinalBlock is true", "", StringComparison.Ordinal);
    }
}
