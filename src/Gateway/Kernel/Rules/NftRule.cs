namespace Gateway.Kernel.Rules;

/// <summary>One rule: steps in order, until one ends it.</summary>
internal sealed class NftRule(params IReadOnlyList<Statement> statements)
{
    public IReadOnlyList<Statement> Statements { get; } = statements;

    /// <summary>In nft's language; a comment where nft has no words for it and only the kernel does.</summary>
    public string Text { get; } = (statements.All(s => s.IsExpressible) ? "" : "# netlink only: ")
        + string.Join(' ', statements.Select(s => s.Text));
}
