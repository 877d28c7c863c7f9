using System.Runtime.CompilerServices;
using Gateway.Clusters;

namespace Gateway.Management.Views;

/// <summary>What counters were when somebody reset them. The counters themselves go on, since metrics must never fall.
/// </summary>
internal sealed class Baselines
{
    private readonly ConditionalWeakTable<DestinationState, Counters> _resets = [];

    /// <summary>The counters of a destination at one moment.</summary>
    internal sealed record Counters(
        long Flows, long BytesReceived, long BytesSent, long Retries, IReadOnlyList<long> Failures);

    public void Reset(DestinationState state) => _resets.AddOrUpdate(state, Read(state));

    /// <summary>The counters since the last reset.</summary>
    public Counters Since(DestinationState state)
    {
        var now = Read(state);
        return !_resets.TryGetValue(state, out var then) ? now : new Counters(
            now.Flows - then.Flows, now.BytesReceived - then.BytesReceived, now.BytesSent - then.BytesSent,
            now.Retries - then.Retries, [.. now.Failures.Zip(then.Failures, (a, b) => a - b)]);
    }

    private static Counters Read(DestinationState state) => new(
        state.Flows, state.BytesReceived, state.BytesSent, state.Retries,
        [.. Enum.GetValues<FailureReason>().Select(state.Failures)]);
}
