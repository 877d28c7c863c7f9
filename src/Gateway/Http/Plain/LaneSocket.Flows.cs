using Gateway.Clusters;

namespace Gateway.Http.Plain;

/// <content>What drains see of it: the connection, and its request in progress.</content>
internal sealed partial class LaneSocket
{
    internal override void AddFlows(List<ILiveFlow> flows)
    {
        flows.Add(new ConnectionFlow(this));
        if (_destination is not null)
        {
            flows.Add(new RequestFlow(this));
        }
    }

    private sealed class ConnectionFlow(LaneSocket socket) : ILiveFlow
    {
        public FlowKind Kind => FlowKind.ClientConnection;

        public Destination? Destination => null;

        public bool IsAsked => socket._isAsked;

        public void AskToEnd()
        {
            socket._isAsked = true;
            socket.Loop.Post(socket.RequestClose);
        }

        public void Abort() => socket.Abort();
    }

    /// <summary>A request as it was when somebody looked.</summary>
    private sealed class RequestFlow(LaneSocket socket) : ILiveFlow
    {
        private readonly int _turn = socket._turn;

        public FlowKind Kind => FlowKind.Request;

        public Destination? Destination { get; } = socket._destination;

        public bool IsAsked => false;

        public void AskToEnd()
        {
            // A request ends with its answer.
        }

        public void Abort() => socket.Loop.Post(() =>
        {
            // It may have gone on to another destination since.
            if (socket._turn == _turn && socket._destination == Destination)
            {
                socket.AbortNow();
            }
        });
    }
}
