using System.Net;
using Gateway.Scheduling;

namespace Gateway.Simulation;

/// <summary>Plays a scenario: keeps the lives of its connections as the kernel does, lets Gateway's own schedulers decide,
/// and compares with what was recorded.</summary>
/// <remarks>
/// Connection life (net/netfilter/ipvs/ip_vs_proto_tcp.c and ip_vs_proto_udp.c): TCP is active from the SYN to the first FIN
/// or RST, then inactive until its entry expires; UDP is inactive all its life; a one-packet flow is over at once. When
/// entries expire is taken from the recording where it says so; the clock follows it.
/// </remarks>
internal sealed class Replay
{
    private readonly Scenario _scenario;
    private readonly SimulatedTime _time = new();
    private readonly SimulatedService[] _services;
    private readonly Dictionary<int, SimulatedConnection> _connections = [];
    private readonly Comparison _comparison;
    private readonly List<string> _picks = [];
    private string _at = "";

    private Replay(Scenario scenario)
    {
        _scenario = scenario;
        string?[] addresses = [scenario.Service.Address, .. scenario.OtherServices];
        _services = [.. addresses.Select(address => new SimulatedService(address ?? "mark", scenario, _time))];
        _comparison = new Comparison(_services);
    }

    /// <summary>One line a decision.</summary>
    public IReadOnlyList<string> Picks => _picks;

    /// <summary>One line for each thing that is not as recorded.</summary>
    public IReadOnlyList<string> Differences => _comparison.Differences;

    public static Replay Of(Scenario scenario)
    {
        var replay = new Replay(scenario);
        replay._comparison.OfOrder("set-up", scenario.KernelOrder);
        foreach (var (step, number) in scenario.Steps.Select((step, number) => (step, number)))
        {
            replay._at = $"step {number}: {step.Op}";
            replay.Play(step);
            replay._comparison.Of(replay._at, step);
            replay._time.Advance(TimeSpan.FromMilliseconds(1));
        }

        return replay;
    }

    private TimeSpan Now => _time.GetUtcNow() - DateTimeOffset.UnixEpoch;

    private SimulatedService First => _services[0];

    private void Play(ScenarioStep step)
    {
        switch (step.Op)
        {
            case "connect":
                Connect(step);
                break;
            case "send":
                Send(step);
                break;
            case "close":
                Close(step, _scenario.ServerKeepsOpen ? 60 : 120);
                break;
            case "reset":
                Close(step, 10);
                break;
            case "expire":
                GoTo(step.Conns.Select(conn => Find(conn).Deadline).DefaultIfEmpty(Now).Max());
                break;
            case "expire-template":
                GoTo(Now + First.Templates().Where(t => t.Client == step.Client).Select(t => t.Left).FirstOrDefault());
                break;
            case "wait":
                GoTo(Now + TimeSpan.FromSeconds(step.Seconds));
                break;
            default:
                Edit(step);
                break;
        }

        foreach (var conn in step.Conns.Concat(step.Expired))
        {
            Find(conn).Expire();
        }
    }

    /// <exception cref="FormatException">No step before this one opened it.</exception>
    private SimulatedConnection Find(int conn) => _connections.TryGetValue(conn, out var connection) ? connection
        : throw new FormatException($"{_at} names connection {conn}, which no step before it opened with 'connect'.");

    /// <exception cref="FormatException">The step does not have it.</exception>
    private T Needed<T>(T? value, string key)
        where T : class => value ?? throw Missing(key);

    private FormatException Missing(string key) => new($"{_at} needs '{key}'.");

    private void Edit(ScenarioStep step)
    {
        foreach (var service in _services)
        {
            switch (step.Op)
            {
                case "add":
                    service.Add(Needed(step.Server, "server"));
                    break;
                case "remove":
                    service.Remove(Needed(step.Name, "name"));
                    break;
                case "set-weight":
                    // ipvsadm -e without -x and -y sets both thresholds to 0.
                    service.Edit(Needed(step.Name, "name"), server => server with
                    {
                        Weight = step.Weight ?? throw Missing("weight"),
                        UpperThreshold = 0,
                        LowerThreshold = 0,
                    });
                    break;
                case "edit":
                    service.Edit(Needed(step.Name, "name"), server => server with
                    {
                        Weight = step.Weight ?? server.Weight,
                        UpperThreshold = step.UpperThreshold,
                        LowerThreshold = step.LowerThreshold,
                    });
                    break;
                case "edit-service":
                    service.EditService(Needed(step.Scheduler, "scheduler"), step.Flags);
                    break;
                case "sysctl":
                    step.Settings().ToList().ForEach(setting => service.Set(setting.Name, setting.Value));
                    break;
                default:
                    throw new FormatException($"'{step.Op}' is no step of a scenario.");
            }
        }
    }

    private void Connect(ScenarioStep step)
    {
        var (client, local) = (IPEndPoint.Parse(Needed(step.Src, "src")), IPEndPoint.Parse(Needed(step.Dst, "dst")));
        var service = Array.Find(_services, s => s.Name == step.Dst) ?? First;
        var flow = new Flow(
            client.Address, client.Port, local.Address, local.Port, IsDatagrams: _scenario.Protocol == "udp");
        Bind(step, service, flow);
    }

    private void Bind(ScenarioStep step, SimulatedService service, in Flow flow)
    {
        var server = service.Connect(flow);
        var connection = new SimulatedConnection(service, flow, server);
        _connections[step.Conn] = connection;
        Decided(step, flow, server?.DestinationId);
        if (server is null)
        {
            return;
        }

        if (_scenario.OnePacket)
        {
            connection.Expire();
        }
        else if (flow.IsDatagrams)
        {
            connection.Deadline = After(Timeout("udp", 300));
        }
        else if (_scenario.DeadServers.Contains(server.DestinationId))
        {
            Close(step, 10);
        }
        else if (_scenario.SilentServers.Contains(server.DestinationId))
        {
            connection.Deadline = After(60);
        }
        else
        {
            connection.Deadline = After(Timeout("tcp", 900));
            if (!step.Hold)
            {
                Close(step, _scenario.ServerKeepsOpen ? 60 : 120);
            }
        }
    }

    private void Send(ScenarioStep step)
    {
        var connection = Find(step.Conn);
        if (connection.IsOver && connection.Flow.IsDatagrams)
        {
            Bind(step, connection.Service, connection.Flow);
            return;
        }

        // Packets of a connection whose server was removed are dropped, so that it can come back.
        var server = connection.Server?.DestinationId;
        Decided(step, connection.Flow, !connection.IsOver && connection.Service.Has(server) ? server : null);
        if (connection.Flow.IsDatagrams)
        {
            connection.Deadline = After(Timeout("udp", 300));
        }
    }

    private void Close(ScenarioStep step, int seconds)
    {
        var connection = Find(step.Conn);
        if (!connection.Flow.IsDatagrams)
        {
            connection.Close();
            connection.Deadline = After(seconds);
        }
    }

    private void Decided(ScenarioStep step, in Flow flow, string? server)
    {
        _picks.Add($"{step.Conn,5}  {new IPEndPoint(flow.Client!, flow.ClientPort)} -> "
            + $"{new IPEndPoint(flow.Local!, flow.LocalPort)}  {server ?? "none"}");
        _comparison.OfDecision(_at, step, server);
    }

    private TimeSpan After(int seconds) => Now + TimeSpan.FromSeconds(seconds);

    private int Timeout(string name, int seconds) => _scenario.Timeouts?.GetValueOrDefault(name) is > 0 and var set ? set : seconds;

    private void GoTo(TimeSpan moment)
    {
        RenewTemplates(moment);
        if (moment > Now)
        {
            _time.Advance(moment - Now);
        }
    }

    // The kernel keeps a template while one of its connections lives; Gateway's memory ends by itself. So that what is
    // recorded later is compared under the same conditions, the connections' clients are remembered anew on the way.
    private void RenewTemplates(TimeSpan until)
    {
        foreach (var service in _services)
        {
            while (NextHeld(service, until) is var (end, connection))
            {
                _time.Advance(end - Now - TimeSpan.FromTicks(1));
                service.Renew(connection.Flow, connection.Server!);
            }
        }
    }

    /// <summary>The first template that ends by then though a connection of it lives, and that connection.</summary>
    private (TimeSpan End, SimulatedConnection Connection)? NextHeld(SimulatedService service, TimeSpan until) =>
        _connections.Values
            .Where(connection => connection.Service == service && !connection.IsOver)
            .Select(connection => (End: service.EndOf(connection.Flow, connection.Server!), connection))
            .Where(held => held.End <= until && held.End < held.connection.Deadline)
            .OrderBy(held => held.End)
            .Select(held => ((TimeSpan, SimulatedConnection)?)(held.End!.Value, held.connection))
            .FirstOrDefault();
}
