using System.Security.Cryptography.X509Certificates;
using Gateway.Management;
using Gateway.Management.Listening;
using Gateway.Tests.Support;

namespace Gateway.Tests.Management;

/// <summary>The certificate of the listener while its files are replaced.</summary>
public sealed class ListenerCertificateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestCertificates _certificates = new();

    private string CertificatePath => Path.Combine(_folder.Path, "gateway.pem");

    private string KeyPath => Path.Combine(_folder.Path, "gateway.key");

    [Fact]
    public void Current_KeyMayNotBeRead_OldPairServesUntilItMay()
    {
        using var first = _certificates.For("first");
        using var second = _certificates.For("second");
        Write(first);
        var listener = Listener();

        // A folder is refused as a file without permission is, to root as well.
        File.Delete(KeyPath);
        Directory.CreateDirectory(KeyPath);
        File.WriteAllText(CertificatePath, second.ExportCertificatePem());
        Assert.Equal(first.Thumbprint, listener.Current().Thumbprint);

        Directory.Delete(KeyPath);
        Write(second);
        Assert.Equal(second.Thumbprint, listener.Current().Thumbprint);
    }

    [Fact]
    public void Current_CertificateReplacedBeforeItsKey_OldPairServesUntilBothFit()
    {
        using var first = _certificates.For("first");
        using var second = _certificates.For("second");
        Write(first);
        var listener = Listener();

        File.WriteAllText(CertificatePath, second.ExportCertificatePem());
        Assert.Equal(first.Thumbprint, listener.Current().Thumbprint);

        Write(second);
        Assert.Equal(second.Thumbprint, listener.Current().Thumbprint);
    }

    [Fact]
    public void Current_KeyAloneIsReplaced_PairIsReadAgain()
    {
        using var certificate = _certificates.For("first");
        Write(certificate);
        var listener = Listener();
        var before = listener.Current();

        File.AppendAllText(KeyPath, "\n# renewed\n");

        Assert.NotSame(before, listener.Current());
        Assert.Same(listener.Current(), listener.Current());
    }

    public void Dispose()
    {
        _folder.Dispose();
        _certificates.Dispose();
    }

    private ListenerCertificate Listener() =>
        new(new ManagementOptions { Listen = [], CertificatePath = CertificatePath, CertificateKeyPath = KeyPath });

    private void Write(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(KeyPath, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(CertificatePath, certificate.ExportCertificatePem());
    }
}
