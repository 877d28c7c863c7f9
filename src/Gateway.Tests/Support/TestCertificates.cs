using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Tests.Support;

/// <summary>An authority of our own and the certificates it makes; good for an hour around the real time.</summary>
internal sealed class TestCertificates : IDisposable
{
    private readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();

    public TestCertificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Gateway test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        Authority = request.CreateSelfSigned(_now.AddHours(-1), _now.AddHours(1));
    }

    public X509Certificate2 Authority { get; }

    /// <summary>A server certificate, with its key, for a DNS name or an address.</summary>
    /// <param name="name">The name or address.</param>
    /// <param name="expired">Whether its time is over.</param>
    /// <param name="issuer">Where it says that the certificate of its issuer can be had.</param>
    public X509Certificate2 For(string name, bool expired = false, Uri? issuer = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(name, out var address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());
        if (issuer is not null)
        {
            request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(null, [issuer.ToString()]));
        }

        var until = expired ? _now.AddMinutes(-1) : _now.AddMinutes(30);
        using var certificate = request.Create(
            Authority, _now.AddMinutes(-30), until, RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }

    /// <summary>Writes a certificate and its key as servers read them, and returns the two paths.</summary>
    public static (string Certificate, string Key) Write(X509Certificate2 certificate, TemporaryFolder folder)
    {
        var paths = (Certificate: Path.Combine(folder.Path, "cert.pem"), Key: Path.Combine(folder.Path, "key.pem"));
        using var key = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(paths.Certificate, certificate.ExportCertificatePem());
        File.WriteAllText(paths.Key, key.ExportPkcs8PrivateKeyPem());
        return paths;
    }

    public void Dispose() => Authority.Dispose();
}
