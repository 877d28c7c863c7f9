namespace Gateway.Configuration;

/// <summary>Takes what is null out of a tree: it is how a file says "not set", of a value, a section and an entry with an id alike, and
/// who reads the tree does not have to know.</summary>
/// <remarks>A key that is unknown or forbidden stays, to be told. So does an element of a list: those behind it would get other
/// keys.</remarks>
internal static class NullKeys
{
    /// <param name="node">The section to begin at.</param>
    /// <param name="schema">Its schema; null where anything may stand.</param>
    public static void RemoveFrom(ConfigurationNode node, Schema? schema)
    {
        foreach (var (key, child) in node.Children)
        {
            RemoveFrom(child, schema?.Child(key));
        }

        if (node.Kind != NodeKind.Array)
        {
            node.RemoveAll((key, child) => child.Kind == NodeKind.Null
                && (schema?.Child(key) is { } known ? !known.IsForbidden : schema is not { IsClosed: true }));
        }
    }
}
