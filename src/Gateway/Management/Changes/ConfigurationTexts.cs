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

    /// <summary>The values of a change that something stronger sets otherwise.</summary>
    /// <param name="next">What the configuration would be.</param>
    /// <param name="before">File and overlay as they are.</param>
    /// <param name="wanted">What both together are to be.</param>
    public static IEnumerable<ConfigurationError> Overruled(LoadedConfiguration next, JsonObject before, JsonObject wanted) =>
        FolderIn(wanted) is var folder && folder != FolderIn(before) && folder != FolderIn(FileOf(next))
            ? [new ConfigurationError(Overlay.FolderKey, folder, "says where changes are kept, and is none of them", "Write it into the configuration file.")]
            : Overruled(next.Tree, MergePatch.Between(before, wanted), "");

    private static IEnumerable<ConfigurationError> Overruled(ConfigurationNode tree, JsonObject patch, string path)
    {
        foreach (var (key, value) in patch)
        {
            var at = path.Length == 0 ? key : $"{path}:{key}";
            var node = tree.At(at);

            // In a list, and in a section that was to go, single values of it are the environment's.
            foreach (var error in value is JsonObject inner && node is not { IsSection: false } ? Overruled(tree, inner, at)
                : node is null ? [] : SetElsewhere(node, at))
            {
                yield return error;
            }
        }
    }

    /// <summary>The values at and below a path that the environment or the command line set.</summary>
    private static IEnumerable<ConfigurationError> SetElsewhere(ConfigurationNode node, string path) =>
        node.IsSection ? node.Children.SelectMany(child => SetElsewhere(child.Value, $"{path}:{child.Key}"))
        : IsStronger(node.Origin.Source)
            ? [new ConfigurationError(path, null, $"is set by {node.Origin.Source}, which is stronger", "Change it there.", node.Origin)]
        : [];

    // The first administrator's password counts only while nobody sets another, so it is weaker.
    private static bool IsStronger(string source) => source == "command line"
        || (source.StartsWith("environment ", StringComparison.Ordinal) && source != AdminPassword.Source);

    private static string? FolderIn(JsonObject json) =>
        json["Management"] is JsonObject management && management["Folder"] is { } folder ? folder.ToString() : null;
}
