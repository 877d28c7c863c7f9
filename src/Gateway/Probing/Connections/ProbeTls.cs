using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Gateway.Clusters;

namespace Gateway.Probing.Connections;

/// <summary>Puts TLS on the connection of a probe, with or without a look at the certificate.</summary>
/// <param name="verify">Whether the certificate must be valid for the name, today, and of a trusted authority.</param>
/// <param name="roots">The trusted authorities; null is those of the system.</param>
internal sealed class ProbeTls(bool verify, X509Certificate2Collection? roots = null)
{
    /// <summary>What the options ask for; null is no TLS.</summary>
    public static ProbeTls? Of(ProbeOptions options) => options.Tls ? new ProbeTls(options.VerifyCertificate) : null;

    /// <summary>Shakes hands; <paramref name="name"/> is sent as server name (SNI) and looked for in the certificate.
    /// The <paramref name="protocols"/> are offered by ALPN (RFC 7301). Disposing the stream disposes
    /// <paramref name="connection"/>; the <paramref name="deadline"/> ends the handshake.</summary>
    public async Task<SslStream> SecureAsync(
        Stream connection, string name, CancellationToken deadline, params List<SslApplicationProtocol> protocols)
    {
        var stream = new SslStream(connection);
        try
        {
            await stream.AuthenticateAsClientAsync(Options(name, protocols), deadline);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private SslClientAuthenticationOptions Options(string name, List<SslApplicationProtocol> protocols)
    {
        // Neither revocation lists nor missing intermediates are fetched: a probe speaks with the destination only, and
        // such a download would not end with the probe's time.
        var policy = new X509ChainPolicy
        {
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        if (roots is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(roots);
        }

        return new SslClientAuthenticationOptions
        {
            TargetHost = name,
            ApplicationProtocols = protocols.Count == 0 ? null : protocols,
            CertificateChainPolicy = policy,
            RemoteCertificateValidationCallback = (_, _, _, errors) => !verify || errors == SslPolicyErrors.None,
        };
    }
}
