using Gateway.Clusters;

namespace Gateway.Tests.Draining;

/// <summary>Flows that do nothing but remember what they were told.</summary>
internal sealed class FakeFlows : ILiveFlows
{
    private readonly List<FakeFlow> _all = [];

    public void Add(Destination? destination, FlowKind kind, int count) =>
        _all.AddRange(Enumerable.Range(0, count).Select(_ => new FakeFlow(destination, kind)));

    public void End(int count) => _all.RemoveRange(0, count);

    public int Asked(FlowKind kind) => _all.Count(flow => flow.Kind == kind && flow.IsAsked);

    public int Aborted => _all.Count(flow => flow.IsAborted);

    public IReadOnlyCollection<ILiveFlow> Snapshot() => [.. _all];

    private sealed class FakeFlow(Destination? destination, FlowKind kind) : ILiveFlow
    {
        public FlowKind Kind => kind;

        public Destination? Destination => destination;

        public bool IsAsked { get; private set; }

        public bool IsAborted { get; private set; }

        public void AskToEnd() => IsAsked = true;

        public void Abort() => IsAborted = true;
    }
}
