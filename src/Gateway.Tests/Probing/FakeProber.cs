using System.Collections.Concurrent;
using System.Net;
using Gateway.Probing;
using Gateway.Probing.Answers;

namespace Gateway.Tests.Probing;

/// <summary>
/// Finds what the test says for each port: <c>+</c> passed, <c>-</c> refused, <c>!</c> a local failure, <c>*</c> throws,
/// <c>.</c> hangs until the deadline, <c>l</c> is leaving, <c>m</c> and <c>u</c> an agent that says maintenance, or up with half
/// of the weight; the last one for ever. Remembers who was probed when.
/// </summary>
internal sealed class FakeProber(TimeProvider time) : IProber
{
    private readonly ConcurrentDictionary<int, string> _findings = new();
    private readonly ConcurrentQueue<(int Port, DateTimeOffset At)> _probes = new();
    private readonly ConcurrentDictionary<int, int> _running = new();

    public IReadOnlyCollection<(int Port, DateTimeOffset At)> Probes => _probes;

    /// <summary>Whether two probes of one target were ever under way at once.</summary>
    public bool Overlapped { get; private set; }

    /// <summary>Held by a probe that was told to end, for as long as the test wants.</summary>
    public Task Lingering { get; set; } = Task.CompletedTask;

    public int CountOf(int port) => _probes.Count(probe => probe.Port == port);

    public void Set(int port, string findings) => _findings[port] = findings;

    public async Task<ProbeResult> ProbeAsync(ProbeTarget target, CancellationToken deadline)
    {
        var port = ((IPEndPoint)target.EndPoint).Port;
        _probes.Enqueue((port, time.GetUtcNow()));
        Overlapped |= _running.AddOrUpdate(port, 1, (_, running) => running + 1) > 1;
        try
        {
            return Next(port) switch
            {
                '+' => new ProbeResult(ProbeOutcome.Passed),
                '-' => new ProbeResult(ProbeOutcome.ConnectRefused),
                '!' => new ProbeResult(ProbeOutcome.LocalFailure, "TooManyOpenSockets"),
                'l' => new ProbeResult(ProbeOutcome.Leaving, "404"),
                'm' => new ProbeResult(ProbeOutcome.Passed) { Agent = AgentReply.Parse("maint") },
                'u' => new ProbeResult(ProbeOutcome.Passed) { Agent = AgentReply.Parse("up 50%") },
                '.' => await HangAsync(deadline),
                _ => throw new InvalidOperationException("A bug."),
            };
        }
        finally
        {
            _running.AddOrUpdate(port, 0, (_, running) => running - 1);
        }
    }

    private char Next(int port)
    {
        var findings = _findings.GetValueOrDefault(port, "+");
        if (findings.Length > 1)
        {
            _findings[port] = findings[1..];
        }

        return findings[0];
    }

    private async Task<ProbeResult> HangAsync(CancellationToken deadline)
    {
        // Not Task.Delay: when cancelled it goes on elsewhere, and the test's clock would not wait for it.
        var over = new TaskCompletionSource();
        await using var registration = deadline.Register(over.SetResult);
        await over.Task;
        await Lingering;
        return new ProbeResult(ProbeOutcome.TimedOut);
    }
}
