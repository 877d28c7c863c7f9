using Gateway.Clusters;
using Gateway.Http.WebSockets;

namespace Gateway.Http;

/// <summary>All requests that are being proxied. Entering and leaving allocates nothing, and threads on different
/// processors do not meet: every processor has a list of its own, chained through the requests themselves. Whoever looks
/// gets something to hold that knows when the object has become another request's.</summary>
internal sealed class LiveRequests : ILiveFlows
{
    private readonly Chain[] _chains = new Chain[Environment.ProcessorCount];

    public LiveRequests()
    {
        for (var i = 0; i < _chains.Length; i++)
        {
            _chains[i] = new Chain();
        }
    }

    public void Enter(ProxiedRequest request) =>
        _chains[Thread.GetCurrentProcessorId() % _chains.Length].Add(request);

    public IReadOnlyCollection<ILiveFlow> Snapshot()
    {
        var all = new List<ILiveFlow>();
        foreach (var chain in _chains)
        {
            chain.CopyTo(all);
        }

        return all;
    }

    /// <summary>Where a request is.</summary>
    public sealed class Place
    {
        internal Chain? List { get; set; }

        internal ProxiedRequest? Next { get; set; }

        internal ProxiedRequest? Previous { get; set; }

        /// <summary>Which of the requests it is that the object has served.</summary>
        internal int Turn { get; set; }

        /// <summary>Leaves the list; nothing reaches the request from there any more.</summary>
        public void Leave(ProxiedRequest request) => List?.Remove(request);
    }

    internal sealed class Chain
    {
        private readonly Lock _gate = new();
        private ProxiedRequest? _first;

        public void Add(ProxiedRequest request)
        {
            lock (_gate)
            {
                request.Place.List = this;
                request.Place.Turn++;
                request.Place.Next = _first;
                if (_first is not null)
                {
                    _first.Place.Previous = request;
                }

                _first = request;
            }
        }

        public void Remove(ProxiedRequest request)
        {
            lock (_gate)
            {
                var place = request.Place;
                if (place.Previous is { } previous)
                {
                    previous.Place.Next = place.Next;
                }
                else
                {
                    _first = place.Next;
                }

                if (place.Next is { } next)
                {
                    next.Place.Previous = place.Previous;
                }

                (place.List, place.Next, place.Previous) = (null, null, null);
            }
        }

        public void CopyTo(List<ILiveFlow> all)
        {
            lock (_gate)
            {
                for (var request = _first; request is not null; request = request.Place.Next)
                {
                    all.Add(new Flow(this, request));
                }
            }
        }

        /// <summary>Cuts a request off. Under the lock, since the context of one that has left serves another one.</summary>
        public void Abort(ProxiedRequest request, int turn)
        {
            lock (_gate)
            {
                if (request.Place.List == this && request.Place.Turn == turn)
                {
                    request.Abort();
                }
            }
        }
    }

    /// <summary>A request as it was when somebody looked.</summary>
    private sealed class Flow(Chain chain, ProxiedRequest request) : ILiveFlow
    {
        private readonly int _turn = request.Place.Turn;
        private readonly ClosableWebSocket? _webSocket = request.WebSocket;

        public FlowKind Kind => _webSocket is null ? FlowKind.Request : FlowKind.WebSocket;

        public Destination? Destination { get; } = request.Destination;

        public bool IsAsked => _webSocket?.IsAsked == true;

        public void AskToEnd() => _webSocket?.AskToEnd();

        public void Abort() => chain.Abort(request, _turn);
    }
}
