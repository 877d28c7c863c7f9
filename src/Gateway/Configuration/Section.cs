using System.Globalization;
using System.Net;

namespace Gateway.Configuration;

/// <summary>Typed reading of one section, and the way to report what is wrong in it.</summary>
/// <remarks>A value the schema has refused reads as absent, so that reading goes on and all errors are found at
/// once.</remarks>
internal sealed class Section(string path, ConfigurationNode? node, List<ConfigurationError> errors)
{
    public string Path { get; } = path;

    /// <summary>The last part of the path: the id of a cluster, a destination and so on.</summary>
    public string Id => Path[(Path.LastIndexOf(':') + 1)..];

    public bool Exists => node is { Kind: not NodeKind.Null };

    /// <summary>The value itself when it is not a section.</summary>
    public string? Value => node?.Text;

    /// <summary>The children in the order of the file; overrides that added one follow.</summary>
    public IEnumerable<Section> Children
    {
        get
        {
            if (node is null)
            {
                yield break;
            }

            foreach (var (key, child) in node.Children)
            {
                yield return new Section($"{Path}:{key}", child, errors);
            }
        }
    }

    /// <summary>The elements of a list; a single value is a list of one.</summary>
    public IEnumerable<Section> Elements => Value is { Length: > 0 } ? [this] : Children;

    public Section Child(string key) => new(Path.Length == 0 ? key : $"{Path}:{key}", node?.Find(key), errors);

    public bool Has(string key) => Child(key).Exists;

    public string? Text(string key) => node?.Find(key)?.Text;

    public string Text(string key, string otherwise) => Text(key) ?? otherwise;

    public bool Flag(string key, bool otherwise) => bool.TryParse(Text(key), out var flag) ? flag : otherwise;

    public int Whole(string key, int otherwise) =>
        int.TryParse(Text(key), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
            ? whole : otherwise;

    public double? Number(string key) =>
        double.TryParse(Text(key), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    public TimeSpan Time(string key, TimeSpan otherwise) => WrittenTime.Parse(Text(key)) ?? otherwise;

    /// <summary>A time of YARP's own keys, where a bare number is days.</summary>
    public TimeSpan YarpTime(string key, TimeSpan otherwise) =>
        TimeSpan.TryParse(Text(key), CultureInfo.InvariantCulture, out var time) ? time : otherwise;

    public T Word<T>(string key, T otherwise)
        where T : struct, Enum => Enum.TryParse<T>(Text(key), ignoreCase: true, out var word) ? word : otherwise;

    /// <summary>The addresses of a list such as <c>Listen</c>.</summary>
    public IReadOnlyList<IPEndPoint> EndPoints(string key) =>
        [.. Child(key).Elements.Select(element => ListenAddress.Parse(element.Value)).OfType<IPEndPoint>()];

    /// <summary>Reports this section or value itself.</summary>
    public void Error(string rule, string remedy) => errors.Add(new(Path, node?.Written, rule, remedy, node?.Origin));

    /// <summary>Reports a child, at its own place when it is written and at this section's when not.</summary>
    public void Error(string key, string rule, string remedy)
    {
        var child = node?.Find(key);
        errors.Add(new($"{Path}:{key}", child?.Written, rule, remedy, (child ?? node)?.Origin));
    }
}
