namespace Gateway.Clusters;

/// <summary>The <c>Sorry</c> section of a cluster: what a client gets when no destination can serve it, backups included.
/// </summary>
internal sealed record SorryOptions
{
    /// <summary>The status; a redirect has its own.</summary>
    public int Status { get; init; } = 503;

    /// <summary>The body.</summary>
    public string Body { get; init; } = "";

    /// <summary>The type of the body.</summary>
    public string ContentType { get; init; } = "text/html; charset=utf-8";

    /// <summary>Where clients are sent instead, with 302; null sends them nowhere.</summary>
    public string? RedirectTo { get; init; }
}
