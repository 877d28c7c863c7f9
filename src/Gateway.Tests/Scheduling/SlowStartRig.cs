using System.Net;
using Gateway.Clusters;
using Gateway.Scheduling;
using Gateway.Tests.Support;

namespace Gateway.Tests.Scheduling;

/// <summary>One cluster whose flows end after as many as are in progress at once, with chance that is always the same.
/// </summary>
internal sealed class SlowStartRig
{
    private const int InProgress = 59;

    private readonly Queue<Destination> _inProgress = new();
    private readonly Random _random = new(7);
    private ClusterScheduler? _scheduler;
    private int _rounds;
    private ClusterOptions _options;

    public SlowStartRig(string scheduler, TimeSpan slowStart, string destinations)
    {
        Store = new ClusterStore(Time);
        Store.Subscribe(snapshot =>
        {
            if (snapshot.FindCluster("web") is { } cluster && cluster != _scheduler?.Cluster)
            {
                var before = _scheduler;
                _scheduler = new ClusterScheduler(cluster, Time, before, random: _random);
                before?.Retire();
            }
        });
        _options = new ClusterOptions
        {
            Id = "web",
            Scheduler = new SchedulerOptions { Name = scheduler, Key = SlowStartTests.IsByKey(scheduler) || scheduler.StartsWith("lblc", StringComparison.Ordinal) ? "client" : null, TableBits = 12 },
            SlowStart = slowStart,
            Destinations = [.. destinations.Split(' ').Select(Parse)],
        };
        Store.Apply([_options], []);
    }

    public FakeTime Time { get; } = new();

    public ClusterStore Store { get; }

    public Destination Find(string id) => Store.Current.FindCluster("web")!.Find(id)!;

    public void Add(string destinations) =>
        Apply(_options with { Destinations = [.. destinations.Split(' ').Select(Parse), .. _options.Destinations] });

    public void Edit(string id, Func<DestinationOptions, DestinationOptions> change) =>
        Apply(_options with { Destinations = [.. _options.Destinations.Select(d => d.Id == id ? change(d) : d)] });

    public Destination? Bind(int client) => _scheduler!.Bind(FlowOf(client));

    public Explanation Explain(int client) => _scheduler!.Explain(FlowOf(client));

    /// <summary>Where one more flow goes, while the oldest ends.</summary>
    public string Next(int client)
    {
        var chosen = Bind(client)!;
        _inProgress.Enqueue(chosen);
        if (_inProgress.Count > InProgress)
        {
            _inProgress.Dequeue().State.Unbind();
        }

        return chosen.Id;
    }

    /// <summary>The share of one destination in many flows. Keys are new each time, or lblc would know where they
    /// belong; where the key is all that counts they are the same each time.</summary>
    public double ShareOf(string id)
    {
        var name = _options.Scheduler.Name;
        var flows = name == "Random" ? 100_000 : 16_000;
        var first = SlowStartTests.IsByKey(name) ? 0 : flows * _rounds++;
        return Enumerable.Range(first, flows).Count(client => Next(client) == id) / (double)flows;
    }

    private static Flow FlowOf(int client) =>
        new(new IPAddress([10, (byte)(client >> 16), (byte)(client >> 8), (byte)client]), 40000, IPAddress.Loopback, 80);

    private static DestinationOptions Parse(string text)
    {
        var id = text.TrimEnd("0123456789".ToCharArray());
        return new DestinationOptions
        {
            Id = id,
            Address = new Uri($"http://10.2.{id[0]}.{id[^1]}:80"),
            Weight = int.Parse(text[id.Length..], null),
        };
    }

    private void Apply(ClusterOptions options)
    {
        _options = options;
        Store.Apply([options], []);
    }
}
