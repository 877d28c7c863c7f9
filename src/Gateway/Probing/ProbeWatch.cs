using Gateway.Clusters;

namespace Gateway.Probing;

/// <summary>One destination and its probes: makes one verdict of what they find, and tells the store.</summary>
/// <remarks>
/// Down when one probe says so; up when all do; undecided before each has said something. Its lock is taken before the
/// store's, so nothing may take it that holds the store's.
/// </remarks>
internal sealed partial class ProbeWatch(
    Destination destination, IReadOnlyList<ProbeLoop> loops, ProbeStatistics statistics, VerdictQueue verdicts,
    TimeProvider time, ILogger log, Action<Destination, ProbeReport> probed)
{
    private readonly Lock _gate = new();
    private readonly ProbeLoop[] _deciding = [.. loops.Where(loop => loop.Options.Kind != Probers.Agent)];
    private readonly AgentWords _agents = new(loops.Select(loop => loop.Options), destination.Standing.Agent);
    private AgentWord? _agent = destination.Standing.Agent;
    private (ProbeVerdict Verdict, string Reason)? _told;
    private bool _couldNotProbe;

    /// <summary>The destination as it was when the watch began; its weight and counters may be others by now.</summary>
    public Destination Destination { get; } = destination;

    public IReadOnlyList<ProbeLoop> Loops { get; } = loops;

    /// <summary>Whether the loops have found something already, for other destinations.</summary>
    public bool HasNews => Loops.Any(loop => loop.Latest is not null);

    private string Address => $"{Destination.Options.Address.Host}:{Destination.Options.Address.Port}";

    /// <summary>Takes one probe of one of the loops.</summary>
    public void Observe(ProbeLoop loop, ProbeReport report, bool isVerdict)
    {
        statistics.Record(report);
        probed(Destination, report);
        if (log.IsEnabled(LogLevel.Debug))
        {
            LogProbed(Destination.ClusterId, Destination.Id, Address, loop.Options.Kind, report.Result, report.Duration.TotalMilliseconds);
        }

        lock (_gate)
        {
            TellShortage(report.Result);
            if (isVerdict && loop.Options.Kind != Probers.Agent)
            {
                TellVerdict(loop);
            }

            if (_agents.Hear(loop.Options, report.Result, time.GetUtcNow()) is { } word && word != _agent)
            {
                _agent = word;
                verdicts.TellAgent(Destination, word);
            }
        }
    }

    /// <summary>Tells what the loops have found before this watch began.</summary>
    public void CatchUp()
    {
        lock (_gate)
        {
            if (_deciding.LastOrDefault(loop => loop.Latest is not null) is { } loop)
            {
                TellVerdict(loop);
            }
        }
    }

    private void TellVerdict(ProbeLoop by)
    {
        // The probe that changed is named, unless another one keeps the destination down.
        var down = by.RiseFall is { IsDecided: true, IsUp: false } ? by : Array.Find(_deciding, IsDown);
        if (down is null && _deciding.Any(loop => !loop.RiseFall.IsDecided))
        {
            return;
        }

        var verdict = down is null ? ProbeVerdict.Up : ProbeVerdict.Down;
        var loop = down ?? by;
        var result = loop.Latest!.Value;
        var reason = result.ToString();
        if (_told == (verdict, reason))
        {
            return;
        }

        var isChange = _told?.Verdict != verdict;
        _told = (verdict, reason);
        verdicts.Tell(new ProbeWord(Destination, verdict, reason));
        if (isChange)
        {
            var kind = _deciding.Length > 1 ? $"{loop.Options.Kind}: " : "";
            LogVerdict(
                Destination.ClusterId, Destination.Id, Address, down is null ? "up" : "down", kind, result, loop.RiseFall.InARow);
        }
    }

    private static bool IsDown(ProbeLoop loop) => loop.RiseFall is { IsDecided: true, IsUp: false };

    private void TellShortage(ProbeResult result)
    {
        if (!result.Decides && !_couldNotProbe)
        {
            LogCannotProbe(Destination.ClusterId, Destination.Id, Address, result);
        }

        _couldNotProbe = !result.Decides;
    }

    // The change of state that comes of it is told at Information, with whatever else is said of the destination.
    [LoggerMessage(Level = LogLevel.Debug,
        Message = "{Cluster}: destination {Destination} ({Address}) {Verdict}: {Kind}{Result}, {InARow} in a row")]
    private partial void LogVerdict(
        string cluster, string destination, string address, string verdict, string kind, ProbeResult result, int inARow);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Cluster}: destination {Destination} ({Address}) cannot be probed and keeps its standing: {Result}")]
    private partial void LogCannotProbe(string cluster, string destination, string address, ProbeResult result);

    [LoggerMessage(Level = LogLevel.Debug, SkipEnabledCheck = true,
        Message = "{Cluster}: destination {Destination} ({Address}) probed by {Kind}: {Result} in {Milliseconds:0.0} ms")]
    private partial void LogProbed(
        string cluster, string destination, string address, string kind, ProbeResult result, double milliseconds);
}
