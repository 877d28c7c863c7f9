using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Configuration;
using Gateway.Tests.Support;

namespace Gateway.Tests.Configuration;

/// <summary>Certificates of the store, and those that are not for servers: the server finds them only when it binds.</summary>
public sealed class StoreCertificateTests : IDisposable
{
    private const string Place = "Kestrel:Endpoints:Https:Certificate";
    private static readonly string _subject = $"gateway-{Environment.ProcessId}.example";
    private readonly TemporaryFolder _folder = new();
    private readonly TestCertificates _certificates = new();

    [Theory]
    [InlineData("Subject=typo.example", "Subject", "is of no certificate in the store My of CurrentUser")]
    [InlineData("Subject=typo.example Path=cert.pem KeyPath=key.pem", "Subject", "names a second certificate")]
    [InlineData("Subject=typo.example Store=nosuch", "Subject", "is of no certificate in the store nosuch of CurrentUser")]
    [InlineData("Subject=typo.example Location=LocalMachine", "Location", "is in the store My of LocalMachine, which cannot be read: ")]
    [InlineData("Subject= Path=cert.pem KeyPath=key.pem", null, null)]
    public void Check_StoreWithoutTheCertificate_IsToldAtTheKeyItIsAbout(string keys, string? key, string? rule)
    {
        using var certificate = _certificates.For("localhost");
        TestCertificates.Write(certificate, _folder);

        AssertTold(keys, key, rule);
    }

    [Fact]
    public void Check_SubjectThatIsEmpty_IsNoCertificate()
    {
        var error = Assert.Single(Load("Subject=").Errors);

        Assert.Equal("Kestrel:Endpoints:Https:Url", error.Key);
        Assert.StartsWith("asks for TLS without a certificate", error.Rule, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_StoreWithTheCertificate_IsRight_AndItIsServed()
    {
        using var certificate = _certificates.For(_subject);
        using var kept = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.PersistKeySet);
        using var store = new X509Store(StoreName.My, StoreLocation.CurrentUser);
        store.Open(OpenFlags.ReadWrite);
        store.Add(kept);
        try
        {
            AssertTold($"Subject={_subject}", "Subject", "is of no certificate in the store My of CurrentUser that has a private key, is for servers and is valid");
            AssertTold($"Subject={_subject} AllowInvalid=true", null, null);
            await using var gateway = await RunningGateway.StartAsync($$"""
                { "Kestrel": { "Endpoints": { "Https": { "Url": "https://127.0.0.1:0", "Certificate": { "Subject": "{{_subject}}", "AllowInvalid": true } } } } }
                """);
            Assert.NotNull(gateway.Client.BaseAddress);
        }
        finally
        {
            store.Remove(kept);
        }
    }

    [Theory]
    [InlineData("1.3.6.1.5.5.7.3.2", true)]
    [InlineData("1.3.6.1.5.5.7.3.2 1.3.6.1.5.5.7.3.1", false)]
    public void Check_CertificateThatIsForClientsOnly_IsRefused(string purposes, bool isRefused)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. purposes.Split(' ').Select(purpose => new Oid(purpose))], critical: false));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddHours(1));
        TestCertificates.Write(certificate, _folder);

        AssertTold("Path=cert.pem KeyPath=key.pem", isRefused ? "Path" : null, "is not for servers");
    }

    public void Dispose()
    {
        _certificates.Dispose();
        _folder.Dispose();
    }

    private LoadResult Load(string keys)
    {
        var text = new ConfigurationText().With("Kestrel:Endpoints:Https:Url", "\"https://127.0.0.1:0\"");
        foreach (var pair in keys.Split(' ').Select(pair => pair.Split('=')))
        {
            text = text.With($"{Place}:{pair[0]}", $"\"{pair[1]}\"");
        }

        var file = Path.Combine(_folder.Path, "appsettings.json");
        File.WriteAllText(file, text.ToString());
        return new ConfigurationLoader().Load(file);
    }

    private void AssertTold(string keys, string? key, string? rule)
    {
        var errors = Load(keys).Errors;
        if (key is null)
        {
            Assert.Empty(errors);
            return;
        }

        var error = Assert.Single(errors);
        Assert.Equal($"{Place}:{key}", error.Key);
        Assert.StartsWith(rule!, error.Rule, StringComparison.Ordinal);
    }
}
