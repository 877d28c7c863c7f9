using Gateway.Clusters;

namespace Gateway.Http;

/// <summary>All requests that are being proxied. Entering and leaving allocates nothing, and threads on different
/// processors do not meet: every processor has a list of its own, chained through the requests themselves.</summary>
internal sealed class LiveRequests : ILiveFlows
{
    private readonly Chain[] _chains = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Chain())];

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

        /// <summary>Cuts the request off if it is still in the list.</summary>
        public void Abort(ProxiedRequest request) => List?.Abort(request);

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
                    all.Add(request);
                }
            }
        }

        /// <summary>Cuts a request off. Under the lock, since the context of one that has left serves another one.</summary>
        public void Abort(ProxiedRequest request)
        {
            lock (_gate)
            {
                if (request.Place.List == this)
                {
                    request.Context.Abort();
                }
            }
        }
    }
}
