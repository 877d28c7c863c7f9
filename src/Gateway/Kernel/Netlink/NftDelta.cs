using Gateway.Kernel.Rules;

namespace Gateway.Kernel.Netlink;

/// <summary>Writes what leads from one state of a table to another, and nothing more: what both have stays as it is, with
/// the flows in its maps, its counters and its turns.</summary>
internal static class NftDelta
{
    /// <summary>The process has the table to itself, and it survives the process.</summary>
    /// <remarks>NFT_TABLE_F_OWNER (Linux 5.12) and NFT_TABLE_F_PERSIST (6.9): nobody else can change the table while the
    /// socket is open; once it is closed, the next process that asks for the same flags takes it over.</remarks>
    public const uint OwnedAndPersistent = Owned | 4;

    /// <summary>The process has the table to itself, and it goes with the process.</summary>
    public const uint Owned = 2;

    /// <param name="batch">Takes the changes.</param>
    /// <param name="before">What the kernel has; null is no table.</param>
    /// <param name="after">What it is to have; null is no table.</param>
    /// <param name="flags">The flags of the table.</param>
    /// <param name="takeOver">Whether what the kernel has is from another process that has ended.</param>
    public static void Write(
        NftBatch batch, NftTable? before, NftTable? after, uint flags = OwnedAndPersistent, bool takeOver = false)
    {
        if (after is null)
        {
            if (before is not null)
            {
                if (takeOver)
                {
                    batch.Table(before, flags);
                }

                batch.DeleteTable(before);
            }

            return;
        }

        if (before is null || takeOver)
        {
            batch.Table(after, flags);
        }

        before ??= new NftTable(after.Family, after.Name);
        var chains = new Difference<NftChain>(before.Chains, after.Chains, c => c.Name, (a, b) => a.Hook == b.Hook);
        var sets = new Difference<NftSet>(before.Sets, after.Sets, s => s.Name, (a, b) => a.IsLaidOutAs(b));
        // Rules hold on to the very set they name: where one is replaced by another of its name, they are written again.
        var isReplaced = sets.Gone.Any(gone => sets.New.Any(set => set.Name == gone.Name));
        var rewritten = chains.Kept.Where(c => isReplaced || !c.Before.HasRulesOf(c.After)).ToArray();
        Remove(batch, before, after, chains, sets, rewritten);
        Add(batch, before, after, chains, sets, rewritten);
    }

    private static void Remove(
        NftBatch batch,
        NftTable before,
        NftTable after,
        Difference<NftChain> chains,
        Difference<NftSet> sets,
        (NftChain Before, NftChain After)[] rewritten)
    {
        foreach (var chain in chains.Gone.Concat(rewritten.Select(c => c.Before)))
        {
            if (chain.Rules is not { Count: 0 })
            {
                batch.DeleteRules(after, chain.Name);
            }
        }

        // Elements go before the chains and counters they lead to.
        foreach (var (old, now) in sets.Kept)
        {
            if (old.Elements is null)
            {
                batch.Flush(after, old.Name);
            }
            else if ((old.Slots ?? now.Slots) is not null)
            {
                batch.DeleteSlots(after, old, ChangedSlots(old.Slots ?? [], now.Slots ?? []));
            }
            else
            {
                batch.DeleteElements(after, old, Difference.Missing(old.Elements, now.Elements!));
            }
        }

        foreach (var set in sets.Gone)
        {
            batch.DeleteSet(after, set.Name);
        }

        foreach (var chain in chains.Gone)
        {
            batch.DeleteChain(after, chain.Name);
        }

        foreach (var counter in Difference.Missing(before.Counters, after.Counters))
        {
            batch.DeleteCounter(after, counter);
        }
    }

    private static void Add(
        NftBatch batch,
        NftTable before,
        NftTable after,
        Difference<NftChain> chains,
        Difference<NftSet> sets,
        (NftChain Before, NftChain After)[] rewritten)
    {
        foreach (var counter in Difference.Missing(after.Counters, before.Counters))
        {
            batch.Counter(after, counter);
        }

        var id = 0u;
        foreach (var set in sets.New)
        {
            batch.Set(after, set, ++id);
        }

        foreach (var chain in chains.New)
        {
            batch.Chain(after, chain);
        }

        foreach (var chain in chains.New.Concat(rewritten.Select(c => c.After)))
        {
            foreach (var rule in chain.Rules!)
            {
                batch.Rule(after, chain, rule);
            }
        }

        // After the rules: the kernel looks at all that is in a map for each rule that comes to use it.
        foreach (var set in sets.New)
        {
            AddElements(batch, after, null, set);
        }

        foreach (var (old, now) in sets.Kept)
        {
            AddElements(batch, after, old.Elements is null ? null : old, now);
        }
    }

    /// <summary>What a set is to have and has not; before null is an empty one.</summary>
    private static void AddElements(NftBatch batch, NftTable table, NftSet? before, NftSet set)
    {
        if (set.Slots is { } slots)
        {
            batch.Slots(table, set, ChangedSlots(slots, before?.Slots ?? []));
        }
        else
        {
            batch.Elements(table, set, Difference.Missing(set.Elements!, before?.Elements ?? []));
        }
    }

    /// <summary>The slots that lead to an id in these and not, or to another, in those.</summary>
    private static List<int> ChangedSlots(uint[] these, uint[] those)
    {
        var changed = new List<int>();
        if (ReferenceEquals(these, those))
        {
            return changed;
        }

        for (var i = 0; i < these.Length; i++)
        {
            if (these[i] != 0 && (i >= those.Length || those[i] != these[i]))
            {
                changed.Add(i);
            }
        }

        return changed;
    }
}
