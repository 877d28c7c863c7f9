using Gateway.Clusters;
using Gateway.Relay;

namespace Gateway.Hosting;

/// <summary>Relayed connections and UDP sessions as flows that a drain can end.</summary>
internal sealed class RelayFlows(RelayService relay) : ILiveFlows
{
    public IReadOnlyCollection<ILiveFlow> Snapshot() =>
        [.. relay.Connections.All.Select(connection => new RelayFlow(connection, relay.IsStopping ? ConnectionEnd.Stopped : ConnectionEnd.Drained))];

    private sealed class RelayFlow(RelayConnection connection, ConnectionEnd end) : ILiveFlow
    {
        public FlowKind Kind => connection.IsUdp ? FlowKind.Session : FlowKind.Connection;

        public Destination? Destination => connection.Destination;

        // Asking twice is asking once.
        public bool IsAsked => false;

        public void AskToEnd() => connection.EndInOrder(end);

        public void Abort() => connection.Close(end);
    }
}
