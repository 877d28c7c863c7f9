using System.Net;
using System.Numerics;
using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>The lookup table of mh: which destination has which slot.</summary>
/// <remarks>
/// <para>Every destination has its own order of preference over all slots (offset and skip, hashed from its address and
/// port); in turn each takes the free slot it likes best, as many a turn as its weight, until all are taken. A destination
/// that comes or goes moves little but its own slots.</para>
/// <para>Weights are the latest that were not 0, so that quiescing moves no other key; they are divided by their greatest
/// common divisor and shifted right until the highest fits 6 bits.</para>
/// <para>Source: net/netfilter/ipvs/ip_vs_mh.c; Eisenbud et al., "Maglev", NSDI 2016, section 3.4. With
/// 10.1.0.1:80 w1, 10.1.0.2:80 w1, 10.1.0.3:80 w2: slots 1024, 1023, 2046; offset and skip of the first 310 and 1461.</para>
/// </remarks>
internal static class MaglevTable
{
    public const ulong LookupKey = 2654435761;
    private const ulong SkipKey = 2654446892;
    private const int KernelSize = 4093;
    private const int TurnBits = 6;

    // The sizes the kernel can be built with. All are prime, so every skip leads through all slots.
    private static readonly int[] _largerSizes = [8191, 16381, 32749, 65521, 131071];

    /// <summary>For every slot the index of its destination; empty when no destination ever had a weight.</summary>
    public static int[] Build(Destination[] destinations)
    {
        var weights = destinations.Select(d => d.LastWeight).ToArray();
        var divisor = weights.Aggregate(0, GreatestCommonDivisor);
        if (divisor == 0)
        {
            return [];
        }

        var bits = 32 - BitOperations.LeadingZeroCount((uint)(weights.Max() / divisor));
        var shift = Math.Max(bits - TurnBits, 0);
        var size = Size(destinations.Length);
        var preferences = new Preference[destinations.Length];
        for (var i = 0; i < preferences.Length; i++)
        {
            var key = Key(destinations[i].EndPoint);
            preferences[i] = new Preference
            {
                Slot = (int)(SipHash13.Of(key, LookupKey) % (uint)size),
                Skip = (int)(SipHash13.Of(key, SkipKey) % (uint)(size - 1)) + 1,
                Turns = weights[i] == 0 ? 0 : Math.Max((weights[i] / divisor) >> shift, 1),
            };
        }

        return Fill(preferences, size);
    }

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);

    // The kernel refuses more destinations than slots; here the table grows, so that each has ten on average.
    private static int Size(int destinations) => destinations <= KernelSize
        ? KernelSize
        : _largerSizes.FirstOrDefault(size => size >= destinations * 10L, _largerSizes[^1]);

    // A name has no number; its text is hashed, the same on every node.
    private static uint Key(EndPoint endPoint) => endPoint switch
    {
        IPEndPoint ip => FlowKey.OfAddress(ip.Address).Hash + (uint)ip.Port,
        DnsEndPoint name => FlowKey.OfText(name.Host).Hash + (uint)name.Port,
        _ => FlowKey.OfText(endPoint.ToString()).Hash,
    };

    private static int[] Fill(Preference[] preferences, int size)
    {
        const int free = -1;
        var slots = new int[size];
        Array.Fill(slots, free);
        var left = size;
        while (true)
        {
            for (var i = 0; i < preferences.Length; i++)
            {
                ref var preference = ref preferences[i];
                for (var turn = 0; turn < preference.Turns; turn++)
                {
                    while (slots[preference.Slot] != free)
                    {
                        preference.Slot += preference.Skip;
                        preference.Slot -= preference.Slot >= size ? size : 0;
                    }

                    slots[preference.Slot] = i;
                    if (--left == 0)
                    {
                        return slots;
                    }
                }
            }
        }
    }

    private struct Preference
    {
        public int Slot;
        public int Skip;
        public int Turns;
    }
}
