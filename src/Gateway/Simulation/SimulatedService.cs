using System.Net;
using System.Numerics;
using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Simulation;

/// <summary>One virtual service of a scenario: its list of servers, edited as by <c>ipvsadm</c>, and the scheduler that
/// Gateway builds for it. It decides nothing.</summary>
internal sealed class SimulatedService
{
    public const string SettingPrefix = "net.ipv4.vs.";

    private readonly Scenario _scenario;
    private readonly SimulatedTime _time;
    private readonly List<ScenarioServer> _servers = [];
    private readonly Dictionary<string, DestinationState> _states = [];
    private readonly List<(string Client, DestinationState Server, TimeSpan Until)> _leftTemplates = [];
    private readonly Dictionary<string, int> _settings;
    private Cluster? _cluster;
    private string _schedulerName;
    private IReadOnlyList<string> _flags;

    public SimulatedService(string name, Scenario scenario, SimulatedTime time)
    {
        Name = name;
        _scenario = scenario;
        _time = time;
        _schedulerName = scenario.Scheduler;
        _flags = scenario.Flags;
        _settings = (scenario.Sysctl ?? new Dictionary<string, int>())
            .ToDictionary(pair => pair.Key.Replace(SettingPrefix, "", StringComparison.Ordinal), pair => pair.Value);
        Scheduler = new ClusterScheduler(Cluster(), time);
        foreach (var server in scenario.Servers)
        {
            Add(server);
        }
    }

    public string Name { get; }

    public ClusterScheduler Scheduler { get; private set; }

    /// <summary>The servers in the order in which the scheduler walks them.</summary>
    public IEnumerable<string> Order => Scheduler.Destinations.Select(d => d.Id);

    public bool Has(string? server) => _servers.Exists(s => s.Name == server);

    /// <summary>Gives a new connection to a server, as the kernel does with its first packet.</summary>
    public DestinationState? Connect(in Flow flow)
    {
        var before = Templates();
        var picked = Scheduler.Bind(flow);
        foreach (var (client, server, left) in before)
        {
            // The kernel leaves a template it no longer follows in its table, under another name, until its time is over.
            if (!Templates().Any(now => now.Client == client && now.Server == server))
            {
                _leftTemplates.Add((client, server, Now + left));
            }
        }

        return picked?.State;
    }

    public void Add(ScenarioServer server)
    {
        _servers.Add(server);
        Edited();
    }

    public void Remove(string name)
    {
        _servers.RemoveAll(server => server.Name == name);
        Edited();
    }

    public void Edit(string name, Func<ScenarioServer, ScenarioServer> change)
    {
        var index = _servers.FindIndex(server => server.Name == name);
        if (index < 0)
        {
            throw new FormatException($"'{name}' is no server of the scenario at this step.");
        }

        _servers[index] = change(_servers[index]);
        Edited();
    }

    public void EditService(string scheduler, IReadOnlyList<string>? flags)
    {
        (_schedulerName, _flags) = (scheduler, flags ?? _flags);
        Rebuild(isEdit: false);
    }

    public void Set(string setting, int value)
    {
        _settings[setting] = value;
        Rebuild(isEdit: false);
    }

    /// <summary>The templates in use: clients that are remembered, and for how long.</summary>
    public IReadOnlyList<(string Client, DestinationState Server, TimeSpan Left)> Templates() =>
        [.. (Scheduler.Persistence?.Entries() ?? []).Select(entry => (entry.Key.ToString(), entry.Destination, entry.Left))];

    /// <summary>When the memory of this flow's client ends; null when it is not remembered at this server.</summary>
    public TimeSpan? EndOf(Flow flow, DestinationState server)
    {
        var client = KeyOf(flow)?.ToString();
        return Templates().Where(template => template.Client == client && template.Server == server)
            .Select(template => (TimeSpan?)(Now + template.Left)).FirstOrDefault();
    }

    /// <summary>Starts the time of this flow's client again.</summary>
    public void Renew(in Flow flow, DestinationState server) => Scheduler.Persistence!.Set(KeyOf(flow)!.Value, server);

    /// <summary>The templates no longer in use that the kernel still has and counts.</summary>
    public IEnumerable<(string Client, DestinationState Server)> LeftTemplates() =>
        _leftTemplates.Where(template => template.Until > Now).Select(template => (template.Client, template.Server));

    /// <summary>Active, inactive, and with persistence the templates of one server.</summary>
    public int[] Counts(string server)
    {
        var state = State(server);
        return _scenario.Persistence is null
            ? [state.Active, state.Inactive]
            :
            [
                state.Active, state.Inactive,
                Templates().Count(t => t.Server == state) + LeftTemplates().Count(t => t.Server == state),
            ];
    }

    private TimeSpan Now => _time.GetUtcNow() - DateTimeOffset.UnixEpoch;

    private PersistenceKey? KeyOf(in Flow flow) =>
        Scheduler.Persistence is { } table ? PersistenceKey.Of(flow, table.Options) : null;

    private DestinationState State(string server)
    {
        if (!_states.TryGetValue(server, out var state))
        {
            _states.Add(server, state = new DestinationState(Name, server));
        }

        return state;
    }

    private void Edited() => Rebuild(isEdit: true);

    private void Rebuild(bool isEdit)
    {
        var before = Scheduler;
        Scheduler = new ClusterScheduler(Cluster(), _time, before, restart: isEdit);
        before.Retire();
    }

    private Cluster Cluster()
    {
        var options = new ClusterOptions
        {
            Id = Name,
            Destinations = [.. _servers.Select(Options)],
            Scheduler = new SchedulerOptions
            {
                Name = Schedulers.Canonical(_schedulerName) is null
                    ? throw new FormatException($"'{_schedulerName}' is no scheduler. Known: {string.Join(", ", Schedulers.Names)}.") : _schedulerName,
                UsePort = _flags.Any(flag => flag.EndsWith("-port", StringComparison.Ordinal)),
                Fallback = _flags.Any(flag => flag.EndsWith("-fallback", StringComparison.Ordinal)),
                Order = DestinationOrder.NewestFirst,
                Expiration = TimeSpan.FromSeconds(_settings.GetValueOrDefault(_schedulerName + "_expiration", 86400)),
            },
            Persistence = _scenario.Persistence is not { } persistence ? null : new PersistenceOptions
            {
                Timeout = TimeSpan.FromSeconds(persistence.Timeout),
                Mask4 = MaskLength(persistence.Mask),
                Mask6 = MaskLength(persistence.Mask),
                LeaveDrained = _settings.GetValueOrDefault("expire_quiescent_template") != 0,
            },
        };
        return _cluster = new Cluster(options, [.. options.Destinations.Select(Destination)]);
    }

    private static DestinationOptions Options(ScenarioServer server) => new()
    {
        Id = server.Name,
        Address = new UriBuilder("tcp", server.Address, server.Port).Uri,
        Weight = server.Weight,
        UpperThreshold = server.UpperThreshold,
        LowerThreshold = server.LowerThreshold,
    };

    private static int MaskLength(IPAddress mask) => mask.GetAddressBytes().Sum(b => BitOperations.PopCount(b));

    private Destination Destination(DestinationOptions options)
    {
        var state = State(options.Id);
        state.SetLimits(options.MaxConnections, options.UpperThreshold, options.LowerThreshold);
        state.SetWeight(options.Weight);
        return new Destination(
            Name,
            options,
            Standing.Unprobed,
            Standing.Unprobed.Judge(options.Weight),
            state,
            _cluster?.Find(options.Id));
    }
}
