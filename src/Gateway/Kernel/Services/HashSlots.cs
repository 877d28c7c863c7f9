using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Kernel.Services;

/// <summary>The slots of schedulers that hash: sh and mh. A target that may not take a flow has its slots led elsewhere, or
/// to nobody without fallback, and gets them back.</summary>
internal static class HashSlots
{
    /// <param name="options">Which scheduler, and how.</param>
    /// <param name="destinations">The destinations in the order of the configuration.</param>
    /// <param name="ids">Their ids.</param>
    /// <param name="mayTake">Which of them may take a flow.</param>
    public static uint[] Of(
        SchedulerOptions options, Destination[] destinations, ReadOnlySpan<uint> ids, ReadOnlySpan<bool> mayTake)
    {
        var owners = options.Name == "mh" ? MaglevTable.Build(destinations) : Dealt(destinations, 1 << options.TableBits);
        var slots = new uint[owners.Length];
        for (var i = 0; i < slots.Length; i++)
        {
            var owner = owners[i];
            for (var step = 1; !mayTake[owner] && options.Fallback && step < owners.Length; step++)
            {
                // From twice the slot on, so that neighbours do not all fall to the same target.
                owner = owners[((2 * i) + step) % owners.Length];
            }

            slots[i] = mayTake[owner] ? ids[owner] : 0;
        }

        return slots;
    }

    /// <summary>As in IPVS: in turn, each as many in a row as its weight, one if that is 0.</summary>
    private static int[] Dealt(Destination[] destinations, int count)
    {
        var owners = new int[count];
        var (current, dealt) = (0, 0);
        for (var i = 0; i < count; i++)
        {
            owners[i] = current;
            if (++dealt >= destinations[current].Weight)
            {
                (current, dealt) = ((current + 1) % destinations.Length, 0);
            }
        }

        return owners;
    }
}
