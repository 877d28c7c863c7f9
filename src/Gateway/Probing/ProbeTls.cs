using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Probing;

/// <summary>Puts TLS on the connection of a probe, with or without a look at the certificate.</summary>
/// <param name="verify">Whether the certificate must be valid for the name, today, and of a trusted authority.</param>
/// <param name="roots">The trusted authorities; null is those of the system.</param>
internal sealed class ProbeTls(bool verify, X509Certificate2Collection? roots = null)
{
    /// <summary>Shakes hands; <paramref name="name"/> is sent as server name (SNI) and looked for in the certificate.
    /// Disposing the stream disposes <paramref name="connection"/>.</summary>
    public async Task<SslStream> SecureAsync(Stream connection, string name, CancellationToken deadline)
    {
        var stream = new SslStream(connection);
        try
        {
            await stream.AuthenticateAsClientAsync(Options(name), deadline);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private SslClientAuthenticationOptions Options(string name)
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
            CertificateChainPolicy = policy,
            RemoteCertificateValidationCallback = (_, _, _, errors) => !verify || errors == SslPolicyErrors.None,
        };
    }
}
