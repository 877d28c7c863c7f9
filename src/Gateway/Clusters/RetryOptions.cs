namespace Gateway.Clusters;

/// <summary>Which requests are sent again after the destination broke off without an answer.</summary>
internal enum ResetRetry
{
    /// <summary>None.</summary>
    Never,

    /// <summary>GET, HEAD, OPTIONS and TRACE without a body.</summary>
    Safe,

    /// <summary>PUT and DELETE without a body as well (RFC 9110, section 9.2.2).</summary>
    Idempotent,
}

/// <summary>The <c>Retry</c> section of a cluster: when a request that failed is tried at another destination. One that
/// nothing was sent of always is.</summary>
internal sealed record RetryOptions
{
    /// <summary>Most destinations one request, or one relayed connection, is tried at.</summary>
    public int Tries { get; init; } = 5;

    /// <summary>The part of all requests that may be sent a second time, 0 to 1; connects that failed do not count.</summary>
    public double Budget { get; init; } = 0.1;

    /// <summary>Which requests are sent again when the destination broke off without an answer.</summary>
    public ResetRetry OnReset { get; init; } = ResetRetry.Safe;

    /// <summary>Status codes after which the same requests are sent again, while another destination can take them.</summary>
    public ValueList<int> OnStatus { get; init; } = [];
}
