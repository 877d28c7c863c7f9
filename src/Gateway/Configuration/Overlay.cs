using Gateway.Clusters;

namespace Gateway.Configuration;

/// <summary>The changes made by the API, kept beside the configuration file: JSON of the same schema that is laid over the
/// file's as a merge patch.</summary>
/// <remarks>RFC 7396: sections are merged key by key, any other value takes the place of the file's, a list as a whole, and
/// null removes the key.</remarks>
internal sealed record Overlay
{
    /// <summary>Folder of the overlay and of the versions, from the folder of the configuration file on.</summary>
    public const string FolderKey = "Management:Folder";

    public const string DefaultFolder = "management";

    // A file that is not there has a stamp of its own, so that its removal is a change like any other.
    private static readonly FileStamp _absent = new(true);

    /// <summary>No overlay, and nowhere to keep one.</summary>
    public static Overlay None { get; } = new();

    /// <summary>Where it is kept; null when the configuration is in no file.</summary>
    public string? File { get; init; }

    /// <summary>Its JSON; null when nothing was changed.</summary>
    public byte[]? Json { get; init; }

    /// <summary>The version of the file that was read.</summary>
    public FileStamp? Stamp { get; init; }

    /// <summary>Where the overlay of a configuration file is: in a folder of the file's name, since files of one directory are
    /// configurations of different nodes.</summary>
    public static string FileFor(string configurationFile, string? folder) => Path.Combine(
        Path.GetDirectoryName(Path.GetFullPath(configurationFile))!,
        string.IsNullOrEmpty(folder) ? DefaultFolder : folder,
        Path.GetFileName(configurationFile),
        "overlay.json");

    /// <summary>Reads the overlay; one without JSON when there is no such file.</summary>
    /// <exception cref="IOException">It is there and cannot be read.</exception>
    public static Overlay Read(string? file)
    {
        if (file is null)
        {
            return None;
        }

        var stamp = FileStamp.Of(file) ?? _absent;
        return new Overlay { File = file, Stamp = stamp, Json = stamp == _absent ? null : System.IO.File.ReadAllBytes(file) };
    }

    /// <summary>The stamp of the file as it is now; null when there is none to look at.</summary>
    public FileStamp? StampNow() => File is null ? null : FileStamp.Of(File) ?? _absent;

    /// <summary>Lays it over the file's tree; false when it cannot be read as JSON.</summary>
    public bool ApplyTo(ConfigurationNode tree, List<ConfigurationError> errors, List<ConfigurationError> warnings)
    {
        if (Json is null)
        {
            return true;
        }

        if (Read(errors, warnings) is not { } over)
        {
            return false;
        }

        Merge(tree, over);
        return true;
    }

    /// <summary>The keys of a file that it says otherwise of, as the tree of the file has them before it is laid over it; none when
    /// it cannot be read.</summary>
    public IReadOnlyList<OverlaidKey> Overlaid(ConfigurationNode tree)
    {
        var keys = new List<OverlaidKey>();
        if (Read([], []) is { } over)
        {
            Find(tree, over, "", keys);
        }

        return keys;
    }

    /// <summary>What it says, but for where it is: that is known by then.</summary>
    private ConfigurationNode? Read(List<ConfigurationError> errors, List<ConfigurationError> warnings)
    {
        var over = Json is null ? null : JsonTree.Parse(Json, File ?? "change", errors);
        if (over?.At(FolderKey) is { } folder)
        {
            over.Find("Management")!.Remove("Folder");
            warnings.Add(new(FolderKey, folder.Written, "has no effect among the changes: it says where they are kept",
                "Take it out there, and write it into the configuration file.", folder.Origin));
        }

        return over;
    }

    private void Find(ConfigurationNode under, ConfigurationNode over, string path, List<OverlaidKey> keys)
    {
        foreach (var (key, value) in over.Children)
        {
            var at = path.Length == 0 ? key : $"{path}:{key}";
            if (under.Find(key) is not { Kind: not NodeKind.Null } written)
            {
                // The file is silent about it.
            }
            else if (value.Kind == NodeKind.Object && written.Kind == NodeKind.Object)
            {
                Find(written, value, at, keys);
            }
            else if (OverlaidKey.TextOf(written) is { } text && text != OverlaidKey.TextOf(value))
            {
                keys.Add(new OverlaidKey(at, text, new ConfigurationError(at, written.Written,
                    $"has no effect: {File ?? "a change"} says otherwise", "Change it by the API or the pages, or take it out there.", written.Origin)));
            }
        }
    }

    private static void Merge(ConfigurationNode under, ConfigurationNode over)
    {
        foreach (var (key, value) in over.Children)
        {
            if (value.Kind == NodeKind.Null)
            {
                under.Remove(key);
            }
            else if (value.Kind == NodeKind.Object)
            {
                if (under.Find(key) is not { Kind: NodeKind.Object } section)
                {
                    section = new ConfigurationNode(NodeKind.Object, null, value.Origin);
                    under.Set(key, section);
                }

                Merge(section, value);
            }
            else
            {
                under.Set(key, value);
            }
        }
    }
}
