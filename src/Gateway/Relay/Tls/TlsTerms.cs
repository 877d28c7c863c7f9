using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Gateway.Clusters;

namespace Gateway.Relay.Tls;

/// <summary>How the connections of one virtual server speak TLS with clients and destinations. May be used from any
/// thread.</summary>
internal sealed partial class TlsTerms
{
    private readonly RelayTlsOptions _options;
    private readonly ILogger _logger;
    private readonly ReloadedFiles<SslStreamCertificateContext>? _certificate;
    private readonly ReloadedFiles<X509Certificate2Collection>? _authorities;

    public TlsTerms(RelayTlsOptions options, TimeProvider time, ILogger logger)
    {
        _options = options;
        _logger = logger;
        if (options.CertificatePath is { } path)
        {
            _certificate = new(options.KeyPath is { } key ? [path, key] : [path], () => CertificateFiles.Read(path, options.KeyPath, options.Password), time, e => LogCannotRead(path, e.Message));
        }

        if (options.DestinationAuthorities is { } authorities)
        {
            _authorities = new([authorities], () => CertificateFiles.ReadAuthorities(authorities), time, e => LogCannotRead(authorities, e.Message));
        }
    }

    /// <summary>What to answer clients with; null when their bytes are passed on as they are.</summary>
    public SslServerAuthenticationOptions? ForClients => _certificate is null ? null : new SslServerAuthenticationOptions
    {
        ServerCertificateContext = _certificate.Current,
    };

    /// <summary>Has the files read at the next connection, changed or not.</summary>
    public void ReadAgain()
    {
        _certificate?.ReadAgain();
        _authorities?.ReadAgain();
    }

    /// <summary>What to ask a destination with; null when it is not asked for TLS.</summary>
    public SslClientAuthenticationOptions? For(Destination destination)
    {
        if (_options.Destinations == DestinationTls.None)
        {
            return null;
        }

        var isVerified = _options.Destinations == DestinationTls.Verified;
        return new SslClientAuthenticationOptions
        {
            TargetHost = _options.DestinationName ?? destination.Options.CertificateHost,
            RemoteCertificateValidationCallback = (_, _, _, errors) => !isVerified || errors == SslPolicyErrors.None,
            CertificateChainPolicy = NewPolicy(isVerified),
        };
    }

    /// <summary>How the chain of a destination's certificate is built: with what it sends and what is here. .NET builds it
    /// whether it is asked for or not, on the thread of the handshake, and would fetch what is missing from wherever the
    /// certificate says, which may take as long as its author likes.</summary>
    private X509ChainPolicy NewPolicy(bool isVerified)
    {
        var policy = new X509ChainPolicy
        {
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        if (isVerified && _authorities is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(_authorities.Current);
        }

        return policy;
    }

    [LoggerMessage(LogLevel.Error, "{Path} has changed and cannot be read; what was read before stays in use: {Error}")]
    private partial void LogCannotRead(string path, string error);
}
