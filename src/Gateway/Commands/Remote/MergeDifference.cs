using System.Text.Json.Nodes;

namespace Gateway.Commands.Remote;

/// <summary>The merge patch (RFC 7396) that makes one JSON value of another.</summary>
internal static class MergeDifference
{
    private static readonly string[] _logins = ["Users", "Tokens"];

    /// <summary>The patch that makes a whole configuration of another, logins excepted: they are seldom in the file, and leaving
    /// them out must not remove them. <c>gateway passwd</c> and patches change them.</summary>
    public static JsonObject OfWhole(JsonObject before, JsonObject after) => Of(WithoutLogins(before), WithoutLogins(after));

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

    private static JsonObject WithoutLogins(JsonObject whole)
    {
        var copy = (JsonObject)whole.DeepClone();
        var name = copy.FirstOrDefault(pair => Same(pair.Key, "Management")).Key ?? "Management";
        if (copy[name] is not JsonObject management)
        {
            // An empty section, so that the keys beside the logins are compared one by one.
            management = [];
            copy[name] = management;
        }

        foreach (var key in management.Select(pair => pair.Key).Where(key => _logins.Any(login => Same(login, key))).ToList())
        {
            management.Remove(key);
        }

        return copy;
    }

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
