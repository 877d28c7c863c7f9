using System.Text.Json.Nodes;
using Gateway.Configuration;

namespace Gateway.Management.Changes;

/// <summary>Applies and makes merge patches of configurations, whose keys are compared without case.</summary>
/// <remarks>RFC 7396. A list is replaced as a whole, and null removes.</remarks>
internal static class MergePatch
{
    private static readonly JsonNodeOptions _anyCase = new() { PropertyNameCaseInsensitive = true };

    /// <summary>A checked tree as JSON that can be changed; comments are gone, the order is kept.</summary>
    public static JsonObject ToJson(ConfigurationNode node) => (JsonObject)Convert(node)!;

    /// <summary>Changes <paramref name="target"/> as the patch says.</summary>
    public static void Apply(JsonObject target, JsonObject patch)
    {
        foreach (var (key, value) in patch)
        {
            if (value is null)
            {
                target.Remove(key);
            }
            else if (value is JsonObject inner)
            {
                if (target[key] is not JsonObject section)
                {
                    section = new JsonObject(_anyCase);
                    target[key] = section;
                }

                Apply(section, inner);
            }
            else
            {
                target[key] = value.DeepClone();
            }
        }
    }

    /// <summary>The patch that makes <paramref name="after"/> of <paramref name="before"/>.</summary>
    public static JsonObject Between(JsonObject before, JsonObject after)
    {
        var patch = new JsonObject(_anyCase);
        foreach (var (key, _) in before)
        {
            if (!after.ContainsKey(key))
            {
                patch[key] = null;
            }
        }

        foreach (var (key, value) in after)
        {
            if (value is JsonObject section && before[key] is JsonObject old)
            {
                if (Between(old, section) is { Count: > 0 } inner)
                {
                    patch[key] = inner;
                }
            }
            else if (value is not null && (!before.ContainsKey(key) || !JsonNode.DeepEquals(before[key], value)))
            {
                patch[key] = value.DeepClone();
            }
        }

        return patch;
    }

    /// <summary>Puts a value at a path of keys; null takes it away. False when there is nothing to take away.</summary>
    public static bool Set(JsonObject target, IReadOnlyList<string> path, JsonNode? value)
    {
        var section = target;
        foreach (var key in path.SkipLast(1))
        {
            if (section[key] is not JsonObject next)
            {
                if (value is null)
                {
                    return false;
                }

                next = new JsonObject(_anyCase);
                section[key] = next;
            }

            section = next;
        }

        if (value is null)
        {
            return section.Remove(path[^1]);
        }

        section[path[^1]] = value.DeepClone();
        return true;
    }

    private static JsonNode? Convert(ConfigurationNode node) => node.Kind switch
    {
        NodeKind.Object => new JsonObject(
            node.Children.Select(child => KeyValuePair.Create(child.Key, Convert(child.Value))), _anyCase),
        NodeKind.Array => new JsonArray([.. node.Children.Select(child => Convert(child.Value))]),
        NodeKind.Number => JsonNode.Parse(node.Text!),
        NodeKind.Boolean => JsonValue.Create(bool.Parse(node.Text!)),
        NodeKind.Null => null,
        _ => JsonValue.Create(node.Text),
    };
}
