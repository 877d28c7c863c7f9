using System.Net;
using Gateway.Clusters;
using Gateway.Scheduling;
using Gateway.Tests.Support;

namespace Gateway.Tests.Scheduling;

/// <summary>One cluster in a real store with its real schedulers, written as <c>A3 B1</c>: ids and weights.</summary>
internal sealed class Pool
{
    private readonly ClusterStore _store;
    private readonly ClusterSchedulers _schedulers;
    private ClusterOptions _options;

    public Pool(string destinations, SchedulerOptions scheduler, PersistenceOptions? persistence = null)
    {
        Time = new FakeTime();
        _store = new ClusterStore(Time);
        _schedulers = new ClusterSchedulers(_store, Time);
        _options = new ClusterOptions
        {
            Id = "web",
            Destinations = [.. destinations.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Parse)],
            Scheduler = scheduler,
            Persistence = persistence,
            Probe = new ProbeOptions { InitiallyUp = true },
        };
        Apply();
    }

    public Pool(string destinations, string scheduler)
        : this(destinations, new SchedulerOptions { Name = scheduler })
    {
    }

    public FakeTime Time { get; }

    public ClusterScheduler Scheduler => _schedulers.Find("web")!;

    public static Flow From(string client, int port = 40000) =>
        new(IPAddress.Parse(client), port, IPAddress.Parse("192.0.2.80"), 80);

    public static Flow For(string key) => From("192.0.2.1") with { Key = FlowKey.OfText(key) };

    public DestinationState State(string id) => Find(id).State;

    public Destination Find(string id) => _store.Current.FindCluster("web")!.Find(id)!;

    /// <summary>The ids of so many flows from the same client that never end; <c>-</c> for a refusal.</summary>
    public string Picks(int count) => Picks(Enumerable.Repeat(From("192.0.2.1"), count));

    public string Picks(IEnumerable<Flow> flows) =>
        string.Concat(flows.Select(flow => Scheduler.Bind(flow)?.Id ?? "-"));

    /// <summary>The same with flows that end at once.</summary>
    public string ShortPicks(int count) => ShortPicks(Enumerable.Repeat(From("192.0.2.1"), count));

    public string ShortPicks(IEnumerable<Flow> flows) => string.Concat(flows.Select(flow =>
    {
        var destination = Scheduler.Bind(flow);
        destination?.State.Unbind();
        return destination?.Id ?? "-";
    }));

    public void Probe(string id, ProbeVerdict verdict) => _store.SetProbe(Find(id), verdict, verdict.ToString());

    public void Edit(string id, Func<DestinationOptions, DestinationOptions> change) =>
        Apply(_options with { Destinations = [.. _options.Destinations.Select(d => d.Id == id ? change(d) : d)] });

    public void Add(string destination, Func<DestinationOptions, DestinationOptions>? change = null)
    {
        var added = Parse(destination);
        Apply(_options with { Destinations = [.. _options.Destinations, change?.Invoke(added) ?? added] });
    }

    public void Remove(string id) =>
        Apply(_options with { Destinations = [.. _options.Destinations.Where(d => d.Id != id)] });

    public void Configure(Func<ClusterOptions, ClusterOptions> change) => Apply(change(_options));

    // The address follows from the id, so that the same id hashes to the same place in every pool.
    private static DestinationOptions Parse(string text)
    {
        var id = text.TrimEnd("0123456789".ToCharArray());
        var host = id.Aggregate(0, (number, letter) => (number * 26) + (letter - 'A')) + 1;
        return new DestinationOptions
        {
            Id = id,
            Address = new Uri($"http://10.1.{host / 256}.{host % 256}:80"),
            Weight = text.Length == id.Length ? 1 : int.Parse(text[id.Length..], null),
        };
    }

    private void Apply(ClusterOptions? options = null)
    {
        _options = options ?? _options;
        _store.Apply([_options], []);
    }
}
