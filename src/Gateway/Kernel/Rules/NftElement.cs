namespace Gateway.Kernel.Rules;

/// <summary>One element of a set or map.</summary>
/// <param name="Key">What it is found by.</param>
/// <param name="Value">What a map leads to; null in a set.</param>
/// <remarks>Of what stays the same, tables hold the same object before and after, so that comparing them costs next to
/// nothing; elements that are equal in value are equal all the same.</remarks>
internal sealed record NftElement(Datum Key, Datum? Value = null)
{
    /// <summary>As in nft's language.</summary>
    public string Text => Value is null ? Key.Text : $"{Key.Text} : {Value.Text}";
}
