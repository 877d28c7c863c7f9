using System.Net;
using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Management.Changes;

/// <summary>The share of new flows each destination of a cluster would get, by letting the real scheduler decide.</summary>
/// <remarks>Two thousand flows of different clients come one after the other to destinations with no load of their own, and
/// each goes on until another <see cref="InProgress"/> have come. Nothing of it touches the real counters.</remarks>
internal static class PredictedShares
{
    private const int Flows = 2000;
    private const int InProgress = 128;

    /// <summary>Shares by destination id, 0 to 1; all 0 when none takes a flow.</summary>
    public static IReadOnlyDictionary<string, double> Of(ClusterOptions options, IEnumerable<Destination> destinations)
    {
        var copies = destinations.Select(Copy).ToArray();
        // Persistence would make every flow its own first one all the same, and only cost memory.
        var scheduler = new ClusterScheduler(
            new Cluster(options with { Persistence = null }, copies), random: new Random(1));
        var given = copies.ToDictionary(copy => copy.Id, _ => 0, StringComparer.OrdinalIgnoreCase);
        var open = new Queue<Destination>(InProgress);
        for (var i = 0; i < Flows; i++)
        {
            var key = FlowKey.OfText(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"key {i}"));
            var client = new IPAddress([10, (byte)(i * 7), (byte)(i >> 5), (byte)(i * 31)]);
            if (scheduler.Bind(new Flow(client, 1024 + i, IPAddress.Loopback, 80, scheduler.KeySource is null or "client" ? default : key))
                is not { } chosen)
            {
                continue;
            }

            given[chosen.Id]++;
            open.Enqueue(chosen);
            if (open.Count > InProgress)
            {
                open.Dequeue().State.Unbind();
            }
        }

        var all = Math.Max(1, given.Values.Sum());
        return given.ToDictionary(pair => pair.Key, pair => (double)pair.Value / all, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The same destination with other words, to see what they would come to.</summary>
    public static Destination With(Destination destination, Standing standing, DateTimeOffset now) => new(
        destination.ClusterId, destination.Options, standing,
        standing.Judge(destination.Options.Weight, destination.Probe?.InitiallyUp ?? true, now), destination.State)
    { Probe = destination.Probe };

    private static Destination Copy(Destination original) => new(
        original.ClusterId, original.Options, original.Standing, original.Judgement, StateOf(original))
    { Probe = original.Probe };

    private static DestinationState StateOf(Destination original)
    {
        var state = new DestinationState(original.ClusterId, original.Id);
        // A limit says nothing of shares: how long flows last decides when it is reached.
        state.SetLimits(0, 0, 0);
        state.SetWeight(original.Weight);
        return state;
    }
}

/// <summary>The predicted share of one destination before and after a change, 0 to 1.</summary>
internal sealed record ShareView(string Cluster, string Destination, double Before, double After);
