using System.Globalization;
using Gateway.Clusters;
using Gateway.Scheduling;
using Gateway.Tests.Simulation;

namespace Gateway.Tests.Scheduling;

/// <summary>How many keys move that need not, when a destination comes or goes.</summary>
public class MaglevDisruptionTests
{
    private const int Size = 4093;
    private const int Trials = 8;
    private const int MostSets = 60;
    private const int MostDestinations = 6000;

    private static readonly int[] _counts = [3, 10, 30, 100, 300, 1000];

    [Fact]
    public void Build_OneMoreOrOneLess_MovesNoMoreThanThePapersAlgorithm()
    {
        var table = "| destinations | mh, one removed | the paper | mh, one added | the paper | sh, one removed |\n"
            + "|---:|---:|---:|---:|---:|---:|\n";
        foreach (var count in _counts)
        {
            var (removed, added) = (Kernel(count), Kernel(count, adds: true));
            var (paperRemoved, paperAdded) = (Paper(count), Paper(count, adds: true));
            table += string.Create(
                CultureInfo.InvariantCulture,
                $"| {count} | {removed:P1} | {paperRemoved:P1} | {added:P1} | {paperAdded:P1} | {Sources(count):P1} |\n");

            // What is left between two averages of so many is chance: a tenth of a percent.
            Assert.InRange(removed, 0, paperRemoved + 0.001);
            Assert.InRange(added, 0, paperAdded + 0.001);
        }

        Repository.AssertSection("docs/schedulers.md", "mh-disruption", table);
    }

    /// <summary>The part of the slots of others that moves, when one of so many goes, or comes.</summary>
    private static double Kernel(int count, bool adds = false) => Average(count, adds, destinations =>
        [.. MaglevTable.Build(destinations).Select(index => destinations[index].Id)]);

    private static double Sources(int count) => Average(count, adds: false, destinations =>
    {
        var scheduler = SourceHashing.Create(destinations, new SchedulerOptions { Name = "sh", TableBits = 12 });
        return [.. Enumerable.Range(0, Size).Select(i => scheduler.Pick(new Flow(null, 0, null, 0, new FlowKey((uint)i, 1)), null)!.Id)];
    });

    /// <summary>How many sets of different destinations are averaged: one alone depends much on its addresses.</summary>
    private static int Sets(int count) => Math.Min(MostSets, MostDestinations / count);

    private static double Average(int count, bool adds, Func<Destination[], string[]> owners)
    {
        var size = count + (adds ? 1 : 0);
        return Enumerable.Range(0, Sets(count)).Average(set =>
        {
            var names = Enumerable.Range(set * size, size).Select(MaglevTests.Name);
            var all = new Pool(string.Join(' ', names), "rr").Scheduler.Destinations;
            var whole = owners([.. all]);
            return Enumerable.Range(0, Math.Min(Trials, count)).Average(trial =>
            {
                var changing = all[trial * 37 % all.Count];
                return Moved(whole, owners([.. all.Except([changing])]), changing.Id);
            });
        });
    }

    private static double Moved(string[] larger, string[] smaller, string changing) =>
        (double)larger.Zip(smaller).Count(slot => slot.First != changing && slot.First != slot.Second)
        / larger.Count(owner => owner != changing);

    // Section 3.4 of the paper: everybody has a random permutation and takes one slot a turn.
    private static double Paper(int count, bool adds = false)
    {
        var random = new Random(5);
        return Enumerable.Range(0, Sets(count)).Average(_ =>
        {
            var permutations = Enumerable.Range(0, count + (adds ? 1 : 0))
                .Select(i => (Id: $"{i}", Offset: random.Next(Size), Skip: 1 + random.Next(Size - 1))).ToList();
            var whole = Populate(permutations);
            return Enumerable.Range(0, Math.Min(Trials, count)).Average(trial =>
            {
                var changing = permutations[trial * 37 % permutations.Count];
                return Moved(whole, Populate([.. permutations.Where(p => p != changing)]), changing.Id);
            });
        });
    }

    private static string[] Populate(List<(string Id, int Offset, int Skip)> permutations)
    {
        var (slots, next, filled) = (new string[Size], new int[permutations.Count], 0);
        while (true)
        {
            for (var i = 0; i < permutations.Count; i++)
            {
                int slot;
                do
                {
                    slot = (permutations[i].Offset + (next[i]++ * permutations[i].Skip)) % Size;
                }
                while (slots[slot] is not null);
                slots[slot] = permutations[i].Id;
                if (++filled == Size)
                {
                    return slots;
                }
            }
        }
    }
}
