using System.Globalization;
using System.Text.Json.Nodes;

namespace Gateway.Configuration;

/// <summary>Values that are shown to nobody, and those that are shown to admins only. Which they are is said by <c>x-secret</c>
/// and <c>x-admin</c> in the schema.</summary>
internal static class Secrets
{
    /// <summary>Stands for a secret wherever one would be shown; written back it means the secret that is there.</summary>
    public const string Hidden = "(secret)";

    /// <summary>Whether the value at a path is a secret.</summary>
    public static bool IsAt(string path) => Schema.Gateway.Nearest(path).IsSecret;

    /// <summary>Whether the value at a path is one that may not be shown to a role, or where every role may read it.</summary>
    /// <param name="path">Path of its key.</param>
    /// <param name="forAdmin">Whether only admins see what is shown.</param>
    public static bool IsAt(string path, bool forAdmin) =>
        Schema.Gateway.Nearest(path) is var schema && (schema.IsSecret || (schema.IsForAdmins && !forAdmin));

    /// <summary>Replaces all secrets at and below a path by <see cref="Hidden"/>.</summary>
    /// <param name="json">What stands at the path.</param>
    /// <param name="path">Where that is.</param>
    /// <param name="forAdmin">Whether only admins see what is shown.</param>
    public static void Hide(JsonNode json, string path, bool forAdmin)
    {
        foreach (var (key, value) in Children(json))
        {
            var at = Join(path, key);
            if (value is JsonObject or JsonArray)
            {
                Hide(value, at, forAdmin);
            }
            else if (value is not null && IsAt(at, forAdmin))
            {
                Replace(json, key, JsonValue.Create(Hidden));
            }
        }
    }

    /// <summary>Puts the secrets that were there back where <see cref="Hidden"/> was written; where none was, nothing
    /// remains.</summary>
    /// <param name="wanted">What was made of JSON with hidden secrets.</param>
    /// <param name="before">The same with the secrets.</param>
    /// <param name="path">Where both stand.</param>
    public static void Restore(JsonNode wanted, JsonNode? before, string path = "")
    {
        foreach (var (key, value) in Children(wanted))
        {
            var at = Join(path, key);
            var known = Child(before, key);
            if (value is JsonObject or JsonArray)
            {
                Restore(value, known, at);
            }
            else if (value is JsonValue single && single.TryGetValue(out string? text) && text == Hidden && IsAt(at, forAdmin: false))
            {
                Replace(wanted, key, known?.DeepClone());
            }
        }
    }

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}:{key}";

    private static List<(string Key, JsonNode? Value)> Children(JsonNode json) => json switch
    {
        JsonObject section => [.. section.Select(pair => (pair.Key, pair.Value))],
        JsonArray list => [.. list.Select((value, index) => (index.ToString(CultureInfo.InvariantCulture), value))],
        _ => [],
    };

    private static JsonNode? Child(JsonNode? json, string key) => json switch
    {
        JsonObject section => section[key],
        JsonArray list when Index(key) < list.Count => list[Index(key)],
        _ => null,
    };

    private static int Index(string key) => int.Parse(key, CultureInfo.InvariantCulture);

    private static void Replace(JsonNode json, string key, JsonNode? value)
    {
        if (json is JsonArray list)
        {
            list[Index(key)] = value;
        }
        else if (value is null)
        {
            ((JsonObject)json).Remove(key);
        }
        else
        {
            ((JsonObject)json)[key] = value;
        }
    }
}
