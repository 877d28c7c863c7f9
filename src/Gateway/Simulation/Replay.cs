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
    private readonly List<string> _differences = [];
    private readonly List<string> _picks = [];
    private int _step = -1;

    private Replay(Scenario scenario)
    {
        _scenario = scenario;
        string?[] addresses = [scenario.Service.Address, .. scenario.OtherServices];
        _services = [.. addresses.Select(address => new SimulatedService(address ?? "mark", scenario, _time))];
    }

    /// <summary>One line a decision.</summary>
    public IReadOnlyList<string> Picks => _picks;

    /// <summary>One line for each thing that is not as recorded.</summary>
    public IReadOnlyList<string> Differences => _differences;

    public static Replay Of(Scenario scenario)
    {
        var replay = new Replay(scenario);
        replay.CompareOrder(scenario.KernelOrder);
        foreach (var step in scenario.Steps)
        {
            replay._step++;
            replay.Play(step);
            replay.Compare(step);
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
                GoTo(step.Conns.Select(conn => _connections[conn].Deadline).Max());
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
            _connections[conn].Expire();
        }
    }

    private void Edit(ScenarioStep step)
    {
        foreach (var service in _services)
        {
            switch (step.Op)
            {
                case "add":
                    service.Add(step.Server!);
                    break;
                case "remove":
                    service.Remove(step.Name!);
                    break;
                case "set-weight":
                    // ipvsadm -e without -x and -y sets both thresholds to 0.
                    service.Edit(step.Name!, server => server with
                    {
                        Weight = step.Weight!.Value,
                        UpperThreshold = 0,
                        LowerThreshold = 0,
                    });
                    break;
                case "edit":
                    service.Edit(step.Name!, server => server with
                    {
                        Weight = step.Weight ?? server.Weight,
                        UpperThreshold = step.UpperThreshold,
                        LowerThreshold = step.LowerThreshold,
                    });
                    break;
                case "edit-service":
                    service.EditService(step.Scheduler!, step.Flags);
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
        var (client, local) = (IPEndPoint.Parse(step.Src!), IPEndPoint.Parse(step.Dst!));
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
        var connection = _connections[step.Conn];
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
        var connection = _connections[step.Conn];
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
        if (step.Got.ValueKind != System.Text.Json.JsonValueKind.Undefined && step.Got.GetString() != server)
        {
            Differ(step, $"got {step.Got.GetString() ?? "none"}, here {server ?? "none"}");
        }
    }

    private void Compare(ScenarioStep step)
    {
        CompareOrder(step.Order);
        CompareCounts(step, First, step.Counts);
        foreach (var (name, counts) in step.OtherCounts ?? new Dictionary<string, IReadOnlyDictionary<string, int[]>>())
        {
            CompareCounts(step, Array.Find(_services, service => service.Name == name)!, counts);
        }

        if (step.Templates is { } recorded)
        {
            var expected = string.Join(' ', recorded.Select(Text).Order(StringComparer.Ordinal));
            var here = string.Join(' ', First.Templates().Select(t => $"{t.Client}={t.Server.DestinationId}")
                .Concat(First.LeftTemplates().Select(t => $"{t.Client}={t.Server.DestinationId}(left)"))
                .Order(StringComparer.Ordinal));
            if (expected != here)
            {
                Differ(step, $"templates {expected}, here {here}");
            }
        }
    }

    private static string Text(ScenarioTemplate template) =>
        $"{template.Client}={template.Server}" + (template.Virtual.EndsWith(":65535", StringComparison.Ordinal) ? "(left)" : "");

    private void CompareOrder(IReadOnlyList<string>? recorded)
    {
        if (recorded is not null && !recorded.SequenceEqual(First.Order))
        {
            _differences.Add($"step {_step}: order {string.Join(' ', recorded)}, here {string.Join(' ', First.Order)}");
        }
    }

    private void CompareCounts(ScenarioStep step, SimulatedService service, IReadOnlyDictionary<string, int[]>? recorded)
    {
        foreach (var (server, counts) in recorded ?? new Dictionary<string, int[]>())
        {
            var here = service.Counts(server);
            if (!counts.SequenceEqual(here))
            {
                Differ(step, $"{server} counts {string.Join('/', counts)}, here {string.Join('/', here)}");
            }
        }
    }

    private void Differ(ScenarioStep step, string difference) =>
        _differences.Add($"step {_step}: {step.Op}: {difference}");

    private TimeSpan After(int seconds) => Now + TimeSpan.FromSeconds(seconds);

    private int Timeout(string name, int seconds) => _scenario.Timeouts?.GetValueOrDefault(name) is > 0 and var set ? set : seconds;

    private void GoTo(TimeSpan moment)
    {
        if (moment > Now)
        {
            _time.Advance(moment - Now);
        }
    }
}
