namespace Gateway.Configuration;

/// <summary>What a value of a configuration is.</summary>
internal enum NodeKind
{
    Object,
    Array,
    String,
    Number,
    Boolean,
    Null,
}

/// <summary>One value of a configuration, with the place where it was written; sections keep the order of the
/// file.</summary>
/// <remarks>The .NET configuration sorts the keys of a section. The order of destinations decides every tie of the
/// schedulers, so it is read from here. Elements of arrays have the keys "0", "1" and so on, as .NET names
/// them.</remarks>
internal sealed class ConfigurationNode(NodeKind kind, string? text, Origin origin)
{
    private readonly List<KeyValuePair<string, ConfigurationNode>> _children = [];
    private readonly Dictionary<string, int> _places = new(StringComparer.OrdinalIgnoreCase);

    public NodeKind Kind { get; } = kind;

    /// <summary>The value as .NET configuration would hold it; null for sections and for null.</summary>
    public string? Text { get; } = text;

    /// <summary>The value as JSON writes it; null for sections and for null.</summary>
    public string? Written => Kind == NodeKind.Boolean ? Text?.ToLowerInvariant() : Text;

    public Origin Origin { get; } = origin;

    public IReadOnlyList<KeyValuePair<string, ConfigurationNode>> Children => _children;

    public bool IsSection => Kind is NodeKind.Object or NodeKind.Array;

    /// <summary>The child with this key, whatever its case, or null.</summary>
    public ConfigurationNode? Find(string key) =>
        _places.TryGetValue(key, out var place) ? _children[place].Value : null;

    /// <summary>Adds a child; false when there is one with this key already.</summary>
    public bool TryAdd(string key, ConfigurationNode child)
    {
        if (!_places.TryAdd(key, _children.Count))
        {
            return false;
        }

        _children.Add(new(key, child));
        return true;
    }

    /// <summary>Puts a child in the place of the one with this key, or at the end.</summary>
    public void Set(string key, ConfigurationNode child)
    {
        if (_places.TryGetValue(key, out var place))
        {
            _children[place] = new(_children[place].Key, child);
        }
        else
        {
            TryAdd(key, child);
        }
    }

    /// <summary>Takes a child away; nothing happens when there is none with this key.</summary>
    public void Remove(string key)
    {
        if (_places.Remove(key, out var place))
        {
            _children.RemoveAt(place);
            for (; place < _children.Count; place++)
            {
                _places[_children[place].Key] = place;
            }
        }
    }

    /// <summary>Takes away all children of which something holds.</summary>
    public void RemoveAll(Func<string, ConfigurationNode, bool> isUnwanted)
    {
        if (_children.RemoveAll(child => isUnwanted(child.Key, child.Value)) > 0)
        {
            _places.Clear();
            for (var place = 0; place < _children.Count; place++)
            {
                _places[_children[place].Key] = place;
            }
        }
    }

    /// <summary>The node at a path such as <c>Kestrel:Endpoints</c>, or null; the empty path is this node.</summary>
    public ConfigurationNode? At(string path)
    {
        var node = this;
        foreach (var key in path.Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            node = node?.Find(key);
        }

        return node;
    }
}
