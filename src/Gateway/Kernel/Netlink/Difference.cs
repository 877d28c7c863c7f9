namespace Gateway.Kernel.Netlink;

/// <summary>Two lists of named things side by side: what went, what came, what stayed. A thing that cannot stay in place
/// goes and comes.</summary>
internal sealed class Difference<T>
    where T : class
{
    public Difference(IReadOnlyList<T> before, IReadOnlyList<T> after, Func<T, string> name, Func<T, T, bool> canStay)
    {
        var byName = before.ToDictionary(name);
        foreach (var thing in after)
        {
            if (byName.Remove(name(thing), out var old) && canStay(old, thing))
            {
                Kept.Add((old, thing));
            }
            else
            {
                New.Add(thing);
                if (old is not null)
                {
                    Gone.Add(old);
                }
            }
        }

        Gone.AddRange(byName.Values);
    }

    public List<T> Gone { get; } = [];

    public List<T> New { get; } = [];

    public List<(T Before, T After)> Kept { get; } = [];
}
