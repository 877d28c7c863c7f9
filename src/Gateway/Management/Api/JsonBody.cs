using System.Reflection;
using System.Text.Json;
using Gateway.Configuration;

namespace Gateway.Management.Api;

/// <summary>A body of JSON, read so that whatever is wrong with it is told by key, value, rule and remedy.</summary>
/// <param name="value">What was sent; null when nothing was.</param>
internal sealed class JsonBody<T>(T? value)
    where T : class
{
    private static readonly JsonDocumentOptions _syntax = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        MaxDepth = 32,
        AllowDuplicateProperties = false,
    };

    private static readonly Dictionary<string, Type> _keys = typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.SetMethod is not null)
        .ToDictionary(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name), property => property.PropertyType, StringComparer.OrdinalIgnoreCase);

    /// <summary>What was sent; null when nothing was.</summary>
    public T? Value { get; } = value;

    /// <summary>What was sent, where something must be.</summary>
    /// <exception cref="WrongRequestException">Nothing was.</exception>
    public T Required => Value ?? throw new WrongRequestException(
        "body", null, "is empty", $"Send a JSON object with {string.Join(", ", _keys.Keys)}.");

    /// <summary>Called by the framework to read it.</summary>
    /// <exception cref="WrongRequestException">Something is wrong with it.</exception>
    public static async ValueTask<JsonBody<T>> BindAsync(HttpContext context)
    {
        using var content = new MemoryStream();
        await context.Request.Body.CopyToAsync(content, context.RequestAborted);
        if (content.Length == 0)
        {
            return new JsonBody<T>(null);
        }

        using var document = Parse(content.ToArray());
        if (document.RootElement.ValueKind == JsonValueKind.Null)
        {
            return new JsonBody<T>(null);
        }

        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new WrongRequestException("body", null, "is no JSON object", $"Send one with {string.Join(", ", _keys.Keys)}.");
        }

        foreach (var property in document.RootElement.EnumerateObject())
        {
            Check(property.Name, property.Value);
        }

        return new JsonBody<T>(document.RootElement.Deserialize<T>(ApiJson.Options));
    }

    private static void Check(string name, JsonElement value)
    {
        if (!_keys.TryGetValue(name, out var type))
        {
            throw new WrongRequestException(name, null, "is no key of this body", NearestKey.Suggest(name, _keys.Keys));
        }

        try
        {
            if (type == typeof(TimeSpan?) && value.ValueKind == JsonValueKind.String && WrittenTime.Parse(value.GetString()) is null)
            {
                throw WrongRequestException.OfType(name, value.GetString(), nameof(TimeSpan));
            }

            value.Deserialize(type, ApiJson.Options);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter of text that is no UTF-8.
            throw WrongRequestException.OfType(name, value.ValueKind == JsonValueKind.String && e is JsonException ? value.GetString() : value.GetRawText(), $"{type}");
        }
    }

    private static JsonDocument Parse(byte[] content)
    {
        try
        {
            return JsonDocument.Parse(content, _syntax);
        }
        catch (JsonException e)
        {
            throw new WrongRequestException(
                "body", null, e.LineNumber is { } line ? $"is no JSON that can be read, from line {line + 1}, byte {e.BytePositionInLine + 1} on" : "has a key twice",
                $"Send an object with {string.Join(", ", _keys.Keys)}, each once.");
        }
    }
}
