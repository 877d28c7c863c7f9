namespace Gateway.Configuration;

/// <summary>A key of the file that has no effect, since the overlay says otherwise.</summary>
/// <param name="Key">Path of the key.</param>
/// <param name="Written">What the file says, as text that is the same for the same values.</param>
/// <param name="Warning">The words for who has written it.</param>
internal sealed record OverlaidKey(string Key, string Written, ConfigurationError Warning)
{
    /// <summary>A value or section as text that is the same for the same values; null when there is none.</summary>
    public static string? TextOf(ConfigurationNode? node) => node switch
    {
        null or { Kind: NodeKind.Null } => null,
        { IsSection: false } => $"={node.Text}",
        _ => $"{{{string.Join(',', node.Children.Select(child => $"{child.Key.ToUpperInvariant()}:{TextOf(child.Value)}"))}}}",
    };
}
