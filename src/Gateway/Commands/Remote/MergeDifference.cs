using System.Text.Json.Nodes;

namespace Gateway.Commands.Remote;

/// <summary>The merge patch (RFC 7396) that makes one JSON value of another.</summary>
internal static class MergeDifference
{
    /// <summary>The patch; an empty object when they are equal. What is gone becomes null; lists are exchanged whole.</summary>
    public static JsonObject Of(JsonObject before, JsonObject after)
    {
        var patch = new JsonObject();
        foreach (var (key, value) in before)
        {
            if (!after.Any(pair => Same(pair.Key, key)) && value is not null)
            {
                patch[key] = null;
            }
        }

        foreach (var (key, value) in after)
        {
            var old = before.FirstOrDefault(pair => Same(pair.Key, key)).Value;
            if (old is JsonObject oldSection && value is JsonObject section)
            {
                var inner = Of(oldSection, section);
                if (inner.Count > 0)
                {
                    patch[key] = inner;
                }
            }
            else if (!JsonNode.DeepEquals(old, value))
            {
                patch[key] = value?.DeepClone();
            }
        }

        return patch;
    }

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
