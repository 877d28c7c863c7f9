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
        var places = new List<(double Position, int Target)>(count);
        AddPlaces(places, Quotas(weights, count), count);
        for (var i = 0; i < places.Count; i++)
        {
            slots[i] = ids[places[i].Target];
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

        var places = new List<(double Position, int Target)>(free.Count);
        AddPlaces(places, missing, free.Count);
        for (var i = 0; i < free.Count; i++)
        {
            after[free[i]] = i < places.Count ? ids[places[i].Target] : 0;
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

    private static void AddPlaces(List<(double Position, int Target)> places, int[] quotas, int count)
    {
        for (var target = 0; target < quotas.Length; target++)
        {
            for (var k = 0; k < quotas[target]; k++)
            {
                places.Add(((k + 0.5) * count / quotas[target], target));
            }
        }

        places.Sort();
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

        var remainders = new (double Remainder, int Target)[weights.Length];
        var left = count;
        for (var i = 0; i < weights.Length; i++)
        {
            var exact = weights[i] / sum * count;
            quotas[i] = (int)exact;
            left -= quotas[i];
            remainders[i] = (quotas[i] - exact, i);
        }

        Array.Sort(remainders);
        for (var i = 0; i < left; i++)
        {
            quotas[remainders[i].Target]++;
        }

        return quotas;
    }
}
