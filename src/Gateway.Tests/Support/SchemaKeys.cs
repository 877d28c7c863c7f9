using Gateway.Configuration;

namespace Gateway.Tests.Support;

/// <summary>Walks the schema of the configuration by key patterns such as <c>Kestrel:Endpoints:*:SslProtocols:0</c>:
/// a star for any id, a nought for any element of a list.</summary>
internal static class SchemaKeys
{
    /// <summary>Every key below a schema with its pattern, but for the elements of lists and maps of single
    /// values.</summary>
    public static IEnumerable<(string Pattern, Schema Schema)> All(Schema schema, string path = "")
    {
        if (path.Length > 0 && path[^2..] is not (":*" or ":0"))
        {
            yield return (path, schema);
        }

        var children = schema.Properties.Select(property => (property.Key, property.Value));
        if (schema.Items is { } items)
        {
            children = children.Append(("0", items));
        }

        if (schema.Others is { } others)
        {
            children = children.Append(("*", others));
        }

        foreach (var (key, child) in children)
        {
            foreach (var below in All(child, path.Length == 0 ? key : $"{path}:{key}"))
            {
                yield return below;
            }
        }
    }

    /// <summary>The values among them; a list or map of single values is one.</summary>
    public static IEnumerable<(string Pattern, Schema Schema)> Values(Schema schema) =>
        All(schema).Select(key => (key.Pattern, Schema: Element(key.Schema))).Where(key => !key.Schema.IsSection);

    /// <summary>The pattern of a key such as <c>Kestrel:Endpoints:Http:Url</c>.</summary>
    public static string PatternOf(string key, Schema schema)
    {
        var parts = key.Split(':');
        for (var i = 0; i < parts.Length; i++)
        {
            var next = schema.Child(parts[i]) ?? throw new KeyNotFoundException(key);
            parts[i] = schema.Type == "array" ? "0" : schema.Properties.ContainsKey(parts[i]) ? parts[i] : "*";
            schema = next;
        }

        return string.Join(':', parts).TrimEnd('*', '0', ':');
    }

    private static Schema Element(Schema schema) =>
        schema is { Items: { } items } ? Element(items)
        : schema is { Properties.Count: 0, Others: { } others } ? Element(others)
        : schema;
}
