namespace Gateway.Http;

/// <summary>Where others learn of proxied requests without the proxy knowing them.</summary>
internal sealed class RequestEvents
{
    /// <summary>Called once for every proxied request when it has ended, on the request's thread; must be quick and must
    /// not throw.</summary>
    public Action<RequestEnd>? Ended { get; set; }

    /// <summary>Whether who listens wants to know when the first byte of an answer came; told on the plain lane.</summary>
    public bool TimesFirstByte { get; set; }
}
