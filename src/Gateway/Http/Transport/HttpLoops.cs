using Gateway.Clusters;
using Gateway.EventLoop;
using Gateway.Http.Forwarding;

namespace Gateway.Http.Transport;

/// <summary>The event loops that serve HTTP.</summary>
internal sealed class HttpLoops : IIdleConnections, IDisposable
{
    private readonly Loops _loops;

    /// <param name="count">How many; 0 is one for each processor.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where errors on a loop are told.</param>
    public HttpLoops(int count, TimeProvider time, ILogger<HttpLoops> logger)
    {
        _loops = new Loops(count, time, logger);
        Places = [.. _loops.All.Select(loop => new LoopPlace(loop, new UpstreamPool()))];
    }

    public IReadOnlyList<LoopPlace> Places { get; }

    public bool CloseIdle(IReadOnlySet<DestinationState> destinations)
    {
        var areAllClosed = true;
        foreach (var place in Places)
        {
            areAllClosed &= place.Upstreams.CloseIdle(destinations);
        }

        return areAllClosed;
    }

    public void Dispose()
    {
        foreach (var place in Places)
        {
            place.Loop.Run(place.Upstreams.Dispose);
        }

        _loops.Dispose();
    }
}
