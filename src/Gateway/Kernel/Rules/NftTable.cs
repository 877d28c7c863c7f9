using System.Globalization;
using System.Text;

namespace Gateway.Kernel.Rules;

/// <summary>The address family of a table, by the kernel's numbers.</summary>
internal enum TableFamily : byte
{
    Inet = 1,
    Netdev = 5,
}

/// <summary>One table: counters, sets and chains.</summary>
internal sealed class NftTable(TableFamily family, string name)
{
    private readonly List<string> _counters = [];
    private readonly List<NftSet> _sets = [];
    private readonly List<NftChain> _chains = [];

    public TableFamily Family { get; } = family;

    public string Name { get; } = name;

    public List<string> Counters => _counters;

    public IReadOnlyList<NftSet> Sets => _sets;

    public IReadOnlyList<NftChain> Chains => _chains;

    public void AddCounter(string name) => _counters.Add(name);

    public NftSet Add(NftSet set)
    {
        _sets.Add(set);
        return set;
    }

    public NftChain Add(NftChain chain)
    {
        _chains.Add(chain);
        return chain;
    }

    /// <summary>The table in nft's language.</summary>
    /// <param name="mostSlots">Of each map of slots only so many; the rest is counted in a comment.</param>
    public string ToText(int mostSlots = int.MaxValue)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"table {(Family == TableFamily.Netdev ? "netdev" : "inet")} {Name} {{\n");
        foreach (var counter in _counters)
        {
            text.Append(CultureInfo.InvariantCulture, $"  counter {counter} {{ }}\n");
        }

        foreach (var set in _sets)
        {
            var elements = string.Join(", ", ElementsOf(set, mostSlots));
            text.Append(CultureInfo.InvariantCulture, $"  {(set.Data is null ? "set" : "map")} {set.Name} {{\n");
            text.Append(CultureInfo.InvariantCulture, $"    {set.Declaration}\n");
            text.Append(elements.Length > 0 ? $"    elements = {{ {elements} }}\n" : "");
            text.Append(set.Slots?.Length > mostSlots ? $"    # of {set.Slots.Length} slots: {SharesOf(set.Slots)}\n" : "").Append("  }\n");
        }

        foreach (var chain in _chains)
        {
            text.Append(CultureInfo.InvariantCulture, $"  chain {chain.Name} {{\n");
            text.Append(chain.Hook is null ? "" : $"    {chain.Hook.Text}\n");
            text.AppendJoin("", chain.Rules!.Select(rule => $"    {rule.Text}\n")).Append("  }\n");
        }

        return text.Append("}\n").ToString();
    }

    private static string SharesOf(uint[] slots) => string.Join(", ", slots.CountBy(id => id).OrderBy(share => share.Key)
        .Select(share => string.Create(CultureInfo.InvariantCulture, $"{share.Value} {(share.Key == 0 ? "of nobody" : new Mark(share.Key).Text)}")));

    private static IEnumerable<string> ElementsOf(NftSet set, int mostSlots) => set.Slots is { } slots
        ? SlotsOf(slots.AsSpan(0, Math.Min(slots.Length, mostSlots)).ToArray())
        : set.Elements!.Select(element => element.Text);

    private static IEnumerable<string> SlotsOf(uint[] slots)
    {
        for (var i = 0; i < slots.Length; i++)
        {
            if (slots[i] != 0)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"{i} : {new Mark(slots[i]).Text}");
            }
        }
    }
}
