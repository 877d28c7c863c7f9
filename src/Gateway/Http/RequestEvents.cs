using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Http;

/// <summary>Where others learn of requests without the proxy knowing them.</summary>
internal sealed class RequestEvents
{
    /// <summary>Called once for every proxied request when it has ended, on the request's thread; must be quick and must
    /// not throw.</summary>
    public Action<RequestEnd>? Ended { get; set; }

    /// <summary>Called for every request that is refused before a route is asked for it, with what is known of it and the status of the
    /// answer; must be quick and must not throw.</summary>
    public Action<IFeatureCollection, int>? Rejected { get; set; }

    /// <summary>Whether who listens wants to know when the first byte of an answer came; told on the plain lane.</summary>
    public bool TimesFirstByte { get; set; }
}
