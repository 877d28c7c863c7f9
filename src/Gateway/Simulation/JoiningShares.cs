using System.Net;
using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Simulation;

/// <summary>How a scheduler shares flows among three destinations and a fourth that joins them.</summary>
/// <remarks>
/// One flow arrives every step and lasts about a hundred, so about a hundred are open at a time; all destinations have
/// weight 40. Clients and contents are drawn from a fixed seed, some contents being asked for more than others. So the
/// result is always the same.
/// </remarks>
internal static class JoiningShares
{
    public const int Steps = 1800;
    public const int JoinsAt = 600;
    public const int Window = 30;
    private const int Clients = 500;
    private const int Contents = 80;

    /// <summary>For every window of steps the part of the flows each of A, B, C and D was given; the last is what was
    /// refused.</summary>
    public static double[][] Of(string scheduler)
    {
        var random = new Random(7);
        var time = new SimulatedTime();
        var states = "ABCD".ToDictionary(id => id, id => new DestinationState(scheduler, id.ToString()));
        var cluster = new ClusterScheduler(Cluster(scheduler, "ABC", states), time, random: random);
        var ends = new Dictionary<int, List<DestinationState>>();
        var shares = Enumerable.Range(0, Steps / Window).Select(_ => new double[states.Count + 1]).ToArray();
        for (var step = 0; step < Steps; step++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            if (step == JoinsAt)
            {
                cluster = new ClusterScheduler(Cluster(scheduler, "ABCD", states), time, cluster, random: random);
            }

            if (ends.Remove(step, out var ending))
            {
                ending.ForEach(state => state.Unbind());
            }

            var chosen = cluster.Bind(Flow(random));
            shares[step / Window][chosen is null ? states.Count : chosen.Id[0] - 'A'] += 1.0 / Window;
            if (chosen is not null)
            {
                var end = step + 60 + random.Next(80);
                ends.TryAdd(end, []);
                ends[end].Add(chosen.State);
            }
        }

        return shares;
    }

    private static Flow Flow(Random random)
    {
        var client = random.Next(Clients);
        var content = Math.Min(random.Next(Contents), random.Next(Contents));
        return new Flow(
            new IPAddress([10, 0, (byte)(client / 250), (byte)(client % 250)]), 40000, IPAddress.Loopback, 80,
            FlowKey.OfText($"/{content}"));
    }

    private static Cluster Cluster(string scheduler, string ids, Dictionary<char, DestinationState> states)
    {
        var options = new ClusterOptions
        {
            Id = scheduler,
            Destinations = [.. ids.Select(id => new DestinationOptions
            {
                Id = id.ToString(),
                Address = new Uri($"http://192.0.2.{id - 'A' + 1}"),
                Weight = 40,
            })],
            Scheduler = new SchedulerOptions
            {
                Name = scheduler,
                Key = scheduler is "sh" or "mh" or "dh" or "lblc" or "lblcr" ? "uri" : null,
                Expiration = TimeSpan.FromMinutes(5),
            },
        };
        return new Cluster(options, [.. options.Destinations.Select(d => new Destination(
            scheduler, d, Standing.Unprobed, Standing.Unprobed.Judge(d.Weight), states[d.Id[0]]))]);
    }
}
