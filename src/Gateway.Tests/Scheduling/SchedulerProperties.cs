using FsCheck.Xunit;
using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Tests.Scheduling;

/// <summary>What must hold for any weights and any course of events.</summary>
public class SchedulerProperties
{
    [Property(MaxTest = 200)]
    public void WeightedRoundRobin_EveryCycle_GivesEachItsWeight(byte[] weights)
    {
        var pool = new Pool(Written(weights), "wrr");
        var cycle = weights.Take(26).Select(Weight).Sum();

        for (var round = 0; round < 2; round++)
        {
            Assert.Equal(Shares(weights, cycle), Counted(pool.ShortPicks(cycle)));
        }
    }

    [Property(MaxTest = 200)]
    public void RoundRobin_EveryCycle_GivesEachOne(byte[] weights)
    {
        var pool = new Pool(Written(weights), "rr");
        var cycle = weights.Take(26).Count(weight => Weight(weight) > 0);

        Assert.All(Counted(pool.ShortPicks(cycle)).Values, count => Assert.Equal(1, count));
    }

    // Adding flows one by one to whom they cost least is an apportionment by divisors: exact when all seats are given.
    [Property(MaxTest = 200)]
    public void LeastConnectionByWeight_AsManyFlowsAsWeights_GivesEachItsWeight(byte[] weights)
    {
        var cycle = weights.Take(26).Select(Weight).Sum();

        Assert.Equal(Shares(weights, cycle), Counted(new Pool(Written(weights), "wlc").Picks(cycle)));
        Assert.Equal(Shares(weights, cycle), Counted(new Pool(Written(weights), "sed").Picks(cycle)));
    }

    [Property(MaxTest = 60)]
    public void AnyScheduler_UnderAnyChanges_NeverPicksAnUnreadyDestination(byte[] events)
    {
        foreach (var name in Schedulers.Names)
        {
            Play(new Pool("A3 B1 C2 D5", new SchedulerOptions { Name = name, BoundedLoad = name == "mh" ? 1.5 : null }), events);
        }
    }

    [Property(MaxTest = 100)]
    public void LeastCost_OfManyDestinations_IsTheOneTheKernelsLoopFinds(ushort[] loads)
    {
        var pool = new Pool(string.Join(' ', loads.Take(60).Select((_, i) => $"{Id(i)}{1 + (i * 7 % 13)}")), "wlc");
        for (var i = 0; i < Math.Min(loads.Length, 60); i++)
        {
            for (var n = loads[i] % 40; n > 0; n--)
            {
                pool.State(Id(i)).Bind();
            }
        }

        Destination? least = null;
        foreach (var destination in pool.Scheduler.Destinations)
        {
            if (least is null || least.State.Load.Overhead * destination.Weight > destination.State.Load.Overhead * least.Weight)
            {
                least = destination;
            }
        }

        Assert.Equal(least?.Id, pool.Scheduler.Bind(Pool.From("10.0.0.1"))?.Id);
    }

    private static void Play(Pool pool, byte[] events)
    {
        var bound = new Queue<DestinationState>();
        foreach (var (what, i) in events.Select((what, i) => (what, i)))
        {
            var id = "ABCD"[(what >> 4) % 4].ToString();
            var exists = pool.Scheduler.Cluster.Find(id) is not null;
            switch (what % 10)
            {
                case 0 when exists:
                    pool.Probe(id, ProbeVerdict.Down);
                    break;
                case 1 when exists:
                    pool.Probe(id, ProbeVerdict.Up);
                    break;
                case 2 when exists:
                    pool.Edit(id, d => d with { Weight = what >> 6 });
                    break;
                case 3 when exists:
                    pool.Edit(id, d => d with { MaxConnections = what >> 5, UpperThreshold = what >> 6 });
                    break;
                case 4 when exists:
                    pool.Remove(id);
                    break;
                case 4:
                    pool.Add(id + (what >> 5));
                    break;
                case 5 when bound.Count > 0:
                    bound.Dequeue().Unbind();
                    break;
                default:
                    Bind(pool, Pool.From($"10.0.{what}.{i % 250}") with { Key = FlowKey.OfText($"{what % 7}") }, bound);
                    break;
            }
        }
    }

    private static void Bind(Pool pool, in Flow flow, Queue<DestinationState> bound)
    {
        var scheduler = pool.Scheduler;
        var ready = scheduler.Destinations.Where(d => Readiness.IsReady(d, null)).ToList();
        var remembered = scheduler.Cluster.Options.Scheduler.Name == "lblc";
        if (scheduler.Bind(flow) is { } picked)
        {
            Assert.True(picked.IsUp && picked.Weight > 0);
            Assert.True(ready.Contains(picked) || (remembered && picked.State.IsOverloaded));
            bound.Enqueue(picked.State);
        }
        else
        {
            Assert.True(ready.Count == 0 || scheduler.Cluster.Options.Scheduler.Name == "ovf");
        }
    }

    private static int Weight(byte weight) => weight % 12;

    private static string Id(int index) => index < 26
        ? ((char)('A' + index)).ToString()
        : $"{(char)('A' + (index / 26))}{(char)('A' + (index % 26))}";

    private static string Written(byte[] weights) =>
        string.Join(' ', weights.Take(26).Select((weight, i) => $"{Id(i)}{Weight(weight)}"));

    private static Dictionary<char, int> Shares(byte[] weights, int cycle) => cycle == 0
        ? []
        : weights.Take(26).Select((weight, i) => (Id: Id(i)[0], Weight: Weight(weight))).Where(d => d.Weight > 0)
            .ToDictionary(d => d.Id, d => d.Weight);

    private static Dictionary<char, int> Counted(string picks) =>
        picks.GroupBy(id => id).ToDictionary(group => group.Key, group => group.Count());
}
