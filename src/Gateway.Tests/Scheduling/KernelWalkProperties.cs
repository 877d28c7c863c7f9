using FsCheck.Xunit;

namespace Gateway.Tests.Scheduling;

/// <summary>rr and wrr against the kernel's walk, under any course of edits and full destinations.</summary>
public class KernelWalkProperties
{
    [Property(MaxTest = 300)]
    public void RoundRobin_AnyEvents_WalksAsTheKernel(byte[] events) => Play("rr", new KernelWalk(isWeighted: false), events);

    [Property(MaxTest = 300)]
    public void WeightedRoundRobin_AnyEvents_WalksAsTheKernel(byte[] events) =>
        Play("wrr", new KernelWalk(isWeighted: true), events);

    // Cycles too long to be written down, and some that are not: every edit may change the way of walking.
    [Property(MaxTest = 300)]
    public void WeightedRoundRobin_HeavyWeights_WalksAsTheKernel(byte[] events) =>
        Play("wrr", new KernelWalk(isWeighted: true), events, factor: 211);

    private static void Play(string scheduler, KernelWalk kernel, byte[] events, int factor = 1)
    {
        var pool = new Pool("", scheduler);
        var weights = new Dictionary<string, int>();
        foreach (var what in events.Concat(events))
        {
            var id = "ABCDEF"[(what >> 3) % 6].ToString();
            var weight = (what >> 4) % 7;
            weight *= weight % 3 == 0 ? 1 : factor;
            switch (what % 8)
            {
                case 0 when weights.Remove(id):
                    pool.Remove(id);
                    kernel.Remove(id);
                    break;
                case 1 when weights.TryGetValue(id, out var before) && before != weight:
                    pool.Edit(id, d => d with { Weight = weight });
                    weights[id] = weight;
                    kernel.Edit(id, weight);
                    break;
                case 2 when weights.ContainsKey(id):
                    SetFull(pool, id, kernel.Full.Add(id) || !kernel.Full.Remove(id));
                    break;
                case < 4 when weights.TryAdd(id, weight):
                    pool.Add(id, d => d with { Weight = weight, MaxConnections = kernel.Full.Contains(id) ? 1 : 0 });
                    kernel.Add(id, weight);
                    break;
                default:
                    Assert.Equal(kernel.Pick() ?? "-", pool.ShortPicks(1));
                    break;
            }
        }
    }

    // A permanent flow fills it. The limit is no weight, so wrr goes on where it was.
    private static void SetFull(Pool pool, string id, bool isFull)
    {
        var state = pool.State(id);
        if (state.Active == 0)
        {
            state.Bind();
        }

        pool.Edit(id, d => d with { MaxConnections = isFull ? 1 : 0 });
    }
}
