namespace Gateway.Kernel.Services;

/// <summary>How many slots each target has, and which: what schedulers are in the kernel.</summary>
internal static class Slots
{
    /// <summary>Divisible by all numbers up to ten, so that as many equal targets have exactly equal shares.</summary>
    public const int Few = 2520;

    /// <summary>The same up to twelve, and 27 slots each for a thousand targets.</summary>
    public const int Many = 27720;

    private const int MostTargetsOfFew = 250;
    private const int Nobody = -1;

    /// <summary>How many slots a service with so many targets has: constant while targets come and go in ones.</summary>
    public static int CountFor(int targets) => targets <= MostTargetsOfFew ? Few : Many;

    /// <summary>Deals out all slots by weight and interleaves them: <c>ABCABC</c> for equal weights, <c>CBACBC</c> for A1 B2
    /// C3. All 0 when no weight is above 0.</summary>
    public static uint[] Spread(ReadOnlySpan<uint> ids, ReadOnlySpan<double> weights, int count)
    {
        var slots = new uint[count];
        var order = Interleave(Quotas(weights, count), count);
        for (var i = 0; i < order.Length; i++)
        {
            slots[i] = ids[order[i]];
        }

        return slots;
    }

    /// <summary>The shares with as few slots as possible that change their target; the same slots when none must.</summary>
    public static uint[] Adjust(uint[] before, ReadOnlySpan<uint> ids, ReadOnlySpan<double> weights)
    {
        var quotas = Quotas(weights, before.Length);
        var index = new Dictionary<uint, int>(ids.Length);
        for (var i = 0; i < ids.Length; i++)
        {
            index[ids[i]] = i;
        }

        var held = new int[ids.Length];
        var owners = new int[before.Length];
        for (var i = 0; i < before.Length; i++)
        {
            owners[i] = index.GetValueOrDefault(before[i], Nobody);
            if (owners[i] != Nobody)
            {
                held[owners[i]]++;
            }
        }

        var free = Release(owners, held, quotas);
        if (free.Count == 0)
        {
            return before;
        }

        var after = (uint[])before.Clone();
        var missing = new int[ids.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            missing[i] = Math.Max(quotas[i] - held[i], 0);
        }

        var order = Interleave(missing, free.Count);
        for (var i = 0; i < free.Count; i++)
        {
            after[free[i]] = i < order.Length ? ids[order[i]] : 0;
        }

        return after;
    }

    /// <summary>Takes slots from those that have too many, spread over all they have.</summary>
    private static List<int> Release(int[] owners, int[] held, int[] quotas)
    {
        var free = new List<int>();
        var turn = new long[held.Length];
        for (var i = 0; i < owners.Length; i++)
        {
            var target = owners[i];
            if (target == Nobody)
            {
                free.Add(i);
                continue;
            }

            var excess = held[target] - quotas[target];
            turn[target] += Math.Max(excess, 0);
            if (turn[target] >= held[target])
            {
                turn[target] -= held[target];
                free.Add(i);
            }
        }

        return free;
    }

    /// <summary>The targets in the order in which each comes as often as its quota and at even distances; of several at one
    /// place the first comes first.</summary>
    /// <remarks>Sorted by places in linear time, one bucket for each: a general sort of 27720 is a quarter of the time that a
    /// thousand targets take to get into the kernel.</remarks>
    private static int[] Interleave(int[] quotas, int count)
    {
        var starts = new int[count + 1];
        ForEach(quotas, count, (position, _) => starts[(int)position + 1]++);
        for (var i = 0; i < count; i++)
        {
            starts[i + 1] += starts[i];
        }

        var order = new int[starts[count]];
        var positions = new double[order.Length];
        var next = starts.AsSpan(0, count).ToArray();
        ForEach(quotas, count, (position, target) =>
        {
            var bucket = (int)position;
            var at = next[bucket]++;
            for (; at > starts[bucket] && positions[at - 1] > position; at--)
            {
                (positions[at], order[at]) = (positions[at - 1], order[at - 1]);
            }

            (positions[at], order[at]) = (position, target);
        });
        return order;
    }

    /// <summary>The places of each target: in the middle of as many equal parts as its quota.</summary>
    private static void ForEach(int[] quotas, int count, Action<double, int> take)
    {
        for (var target = 0; target < quotas.Length; target++)
        {
            for (var k = 0; k < quotas[target]; k++)
            {
                take((k + 0.5) * count / quotas[target], target);
            }
        }
    }

    /// <summary>Whole numbers that sum up to <paramref name="count"/>, by the largest remainder.</summary>
    private static int[] Quotas(ReadOnlySpan<double> weights, int count)
    {
        var quotas = new int[weights.Length];
        var sum = 0.0;
        foreach (var weight in weights)
        {
            sum += weight;
        }

        if (sum <= 0)
        {
            return quotas;
        }

        var lacks = new double[weights.Length];
        var order = new int[weights.Length];
        var left = count;
        for (var i = 0; i < weights.Length; i++)
        {
            var exact = weights[i] / sum * count;
            quotas[i] = (int)exact;
            left -= quotas[i];
            lacks[i] = exact - quotas[i];
            order[i] = i;
        }

        Array.Sort(order, (a, b) => lacks[a] != lacks[b] ? lacks[b].CompareTo(lacks[a]) : a.CompareTo(b));
        for (var i = 0; i < left; i++)
        {
            quotas[order[i]]++;
        }

        return quotas;
    }
}
