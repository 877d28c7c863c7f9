using System.Text.Json.Nodes;
using Gateway.Configuration;

namespace Gateway.Management.Changes;

/// <summary>The texts a configuration was made of as JSON that can be changed, and what is stronger than both.</summary>
internal static class ConfigurationTexts
{
    /// <summary>The file without the overlay.</summary>
    public static JsonObject FileOf(LoadedConfiguration configuration) =>
        MergePatch.ToJson(JsonTree.Parse(configuration.Layers.File, "", [])!);

    /// <summary>What the API has changed so far.</summary>
    public static JsonObject OverlayOf(LoadedConfiguration configuration) =>
        configuration.Layers.Overlay.Json is { } json && JsonTree.Parse(json, "", []) is { } tree ? MergePatch.ToJson(tree) : [];

    /// <summary>What an overlay's file has now; empty when there is none, null when it is no JSON.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static JsonObject? OverlayIn(string file) =>
        !File.Exists(file) ? [] : JsonTree.Parse(File.ReadAllBytes(file), file, []) is { } tree ? MergePatch.ToJson(tree) : null;

    /// <summary>The values of a change that the environment or the command line set otherwise.</summary>
    public static IEnumerable<ConfigurationError> Overruled(LoadedConfiguration next, JsonObject patch, string path)
    {
        foreach (var (key, value) in patch)
        {
            var at = path.Length == 0 ? key : $"{path}:{key}";
            if (value is JsonObject inner)
            {
                foreach (var error in Overruled(next, inner, at))
                {
                    yield return error;
                }
            }
            else if (next.Tree.At(at) is { IsSection: false } node
                && (node.Origin.Source.StartsWith("environment ", StringComparison.Ordinal) || node.Origin.Source == "command line"))
            {
                yield return new ConfigurationError(
                    at, null, $"is set by {node.Origin.Source}, which is stronger", "Change it there.", node.Origin);
            }
        }
    }
}
