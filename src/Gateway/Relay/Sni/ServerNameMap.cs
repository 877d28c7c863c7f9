namespace Gateway.Relay.Sni;

/// <summary>Leads host names to clusters: exact names first, then the longest wildcard.</summary>
/// <remarks><c>*.example.com</c> stands for every name below example.com, of any depth, and not for example.com itself;
/// <c>*</c> stands for every name. The same rule as nginx and Envoy have.</remarks>
internal sealed class ServerNameMap
{
    /// <summary>The longest host name in characters (RFC 1035, section 2.3.4, without the final dot).</summary>
    public const int LongestName = 253;

    private readonly Dictionary<string, string> _exact = new(StringComparer.Ordinal);

    // By what follows the asterisk: ".example.com", and "" for all.
    private readonly Dictionary<string, string> _wildcards = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> _bySuffix;

    public ServerNameMap(IEnumerable<KeyValuePair<string, string>> entries)
    {
        foreach (var (written, cluster) in entries)
        {
            var name = Normalize(written);
            if (name.StartsWith('*'))
            {
                _wildcards.Add(name[1..], cluster);
            }
            else
            {
                _exact.Add(name, cluster);
            }
        }

        _bySuffix = _wildcards.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The name as it is compared: in small letters, without the dot of the root.</summary>
    public static string Normalize(string name) => name.ToLowerInvariant().TrimEnd('.');

    /// <summary>The cluster for a normalized name; null when no entry fits. No name at all fits nothing.</summary>
    public string? Find(string? name)
    {
        if (name is null)
        {
            return null;
        }

        if (_exact.TryGetValue(name, out var cluster))
        {
            return cluster;
        }

        for (var dot = name.IndexOf('.'); dot >= 0 && _wildcards.Count > 0; dot = name.IndexOf('.', dot + 1))
        {
            if (_bySuffix.TryGetValue(name.AsSpan(dot), out cluster))
            {
                return cluster;
            }
        }

        return _wildcards.GetValueOrDefault("");
    }
}
