namespace Gateway.Clusters;

/// <summary>Whether and how destinations are asked for TLS.</summary>
internal enum DestinationTls
{
    /// <summary>They are not: they get what the client sent.</summary>
    None,

    /// <summary>Their certificate must be valid for their name.</summary>
    Verified,

    /// <summary>Whatever certificate they have will do.</summary>
    Unverified,
}

/// <summary>The <c>Tls</c> section of a virtual server: TLS that ends here, and TLS that begins here.</summary>
internal sealed record RelayTlsOptions
{
    /// <summary>File with the certificate, PEM with its chain or PFX; null leaves the client's bytes as they are.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>File with the private key in PEM; null when it is in the certificate's file.</summary>
    public string? KeyPath { get; init; }

    /// <summary>Password of the PFX file or the key.</summary>
    public string? Password { get; init; }

    /// <summary>Whether destinations are asked for TLS.</summary>
    public DestinationTls Destinations { get; init; }

    /// <summary>The name that destinations must have; null is the host of their address.</summary>
    public string? DestinationName { get; init; }

    /// <summary>File with the authorities that destinations' certificates must come from, in PEM; null is the system's.</summary>
    public string? DestinationAuthorities { get; init; }

    /// <summary>Without the password, which must not come into a log together with the rest.</summary>
    public override string ToString() => $"{nameof(RelayTlsOptions)} {{ {CertificatePath}, {Destinations} }}";
}
