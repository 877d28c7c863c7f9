namespace Gateway.Relay.Sni;

/// <summary>What a TLS client says it wants, before anything is encrypted.</summary>
/// <param name="ServerName">The host name asked for, in small letters and without a final dot; null when it names
/// none.</param>
/// <param name="Protocols">The application protocols offered, such as <c>h2</c>, in the client's order; none when it
/// does not say.</param>
internal sealed record ClientHello(string? ServerName, IReadOnlyList<string> Protocols);

/// <summary>What came of looking for a ClientHello.</summary>
internal enum ClientHelloResult
{
    /// <summary>What there is may be the beginning of one; more is needed.</summary>
    Incomplete,

    /// <summary>It is there.</summary>
    Complete,

    /// <summary>The client speaks something that is not TLS.</summary>
    NotTls,

    /// <summary>It began as TLS and went wrong, or is too long.</summary>
    Malformed,
}
