using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gateway.Clusters;

namespace Gateway.Configuration;

/// <summary>One configuration as it was read and checked: it never changes, and a reload makes another.</summary>
internal sealed class LoadedConfiguration
{
    private readonly ConfigurationNode _tree;

    public LoadedConfiguration(
        ConfigurationNode tree,
        string? sourceFile,
        IReadOnlyList<ClusterOptions> clusters,
        IReadOnlyList<VirtualServerOptions> virtualServers)
    {
        _tree = tree;
        SourceFile = sourceFile;
        Clusters = clusters;
        VirtualServers = virtualServers;
        var values = new List<KeyValuePair<string, string?>>();
        Flatten(tree, "", values);
        Revision = Hash(values);
        Root = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
    }

    /// <summary>All values under the keys .NET gives them. No token of it ever fires: YARP and Kestrel are not to
    /// follow a configuration that nobody has checked.</summary>
    public IConfigurationRoot Root { get; }

    /// <summary>The clusters in the order of the file.</summary>
    public IReadOnlyList<ClusterOptions> Clusters { get; }

    /// <summary>The virtual servers in the order of the file.</summary>
    public IReadOnlyList<VirtualServerOptions> VirtualServers { get; }

    /// <summary>The file it was read from; null when it was not read from a file.</summary>
    public string? SourceFile { get; }

    /// <summary>The version of the file that was read.</summary>
    public FileStamp? SourceStamp { get; init; }

    /// <summary>The texts it was made of.</summary>
    public Layers Layers { get; init; } = new([], Overlay.None);

    /// <summary>The whole tree, with the place where each value is written.</summary>
    public ConfigurationNode Tree => _tree;

    /// <summary>The first twelve digits of a hash over keys and values in their order: the same for the same content,
    /// whatever its comments.</summary>
    public string Revision { get; }

    /// <summary>What is allowed and yet probably not meant.</summary>
    public IReadOnlyList<ConfigurationError> Warnings { get; init; } = [];

    /// <summary>The keys of the file that have no effect, since the overlay says otherwise.</summary>
    public IReadOnlyList<OverlaidKey> Overlaid { get; init; } = [];

    /// <summary>A section for the feature that owns it to read its options from. Its values have been checked; what is
    /// found wrong now is for a <see cref="ConfigurationCheck"/> to return.</summary>
    public Section Section(string path) => new(path, _tree.At(path), []);

    /// <summary>An error about a key, with its value and the place where it is written.</summary>
    public ConfigurationError Error(string key, string rule, string remedy)
    {
        var node = _tree.At(key);
        return new ConfigurationError(key, node?.Written, rule, remedy, node?.Origin ?? new Origin(SourceFile ?? ""));
    }

    /// <summary>Keys and values as the JSON provider of .NET makes them, in the order of the file.</summary>
    private static void Flatten(ConfigurationNode node, string path, List<KeyValuePair<string, string?>> values)
    {
        foreach (var (key, child) in node.Children)
        {
            Flatten(child, path.Length == 0 ? key : $"{path}:{key}", values);
        }

        if (node.Children.Count == 0 && path.Length > 0)
        {
            values.Add(new(path, node.Kind == NodeKind.Array ? "" : node.Text));
        }
    }

    private static string Hash(List<KeyValuePair<string, string?>> values)
    {
        // Lengths keep 'ab','c' apart from 'a','bc'.
        var text = new StringBuilder();
        foreach (var (key, value) in values)
        {
            text.Append(CultureInfo.InvariantCulture, $"{key.Length}:{key}={value?.Length ?? -1}:{value}\n");
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..12];
    }
}
