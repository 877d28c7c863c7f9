using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Configuration;
using Gateway.Tests.Support;

namespace Gateway.Tests.Configuration;

/// <summary>The server finds all of these only when it binds, and then ends.</summary>
public sealed class CertificateCheckTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestCertificates _certificates = new();

    public CertificateCheckTests()
    {
        using var certificate = _certificates.For("localhost");
        using var key = certificate.GetECDsaPrivateKey()!;
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pbe = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000);
        Write("cert.pem", certificate.ExportCertificatePem());
        Write("key.pem", key.ExportPkcs8PrivateKeyPem());
        Write("other.pem", other.ExportPkcs8PrivateKeyPem());
        Write("secret.pem", key.ExportEncryptedPkcs8PrivateKeyPem("sesame", pbe));
        Write("both.pem", certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
        Write("junk.pem", "This is no certificate at all.");
        File.WriteAllBytes(Path.Combine(_folder.Path, "site.pfx"), certificate.Export(X509ContentType.Pkcs12, "sesame"));
        using var bare = X509CertificateLoader.LoadCertificate(certificate.RawData);
        File.WriteAllBytes(Path.Combine(_folder.Path, "bare.pfx"), bare.Export(X509ContentType.Pkcs12, "sesame"));
        File.WriteAllBytes(Path.Combine(_folder.Path, "cert.der"), certificate.RawData);
    }

    [Theory]
    [InlineData("cert.pem", "key.pem", null, null, null)]
    [InlineData("cert.pem", "secret.pem", "sesame", null, null)]
    [InlineData("cert.der", "key.pem", null, null, null)]
    [InlineData("site.pfx", null, "sesame", null, null)]
    [InlineData("junk.pem", "key.pem", null, "Path", "cannot be used: ")]
    [InlineData("junk.pem", null, null, "Path", "cannot be used: ")]
    [InlineData("cert.pem", "other.pem", null, "KeyPath", "cannot be used: ")]
    [InlineData("cert.pem", "junk.pem", null, "KeyPath", "holds no private key in PEM")]
    [InlineData("cert.pem", "absent.pem", null, "KeyPath", "is not a file")]
    [InlineData("cert.pem", ".", null, "KeyPath", "is not a file")]
    [InlineData("cert.pem", null, null, "KeyPath", "is missing, and the certificate's file holds no private key")]
    [InlineData("both.pem", null, null, "Path", "cannot be used: It is in PEM, and KeyPath names no file for its key")]
    [InlineData("cert.pem", "key.pem", "sesame", "Password", "is given for a key that is not encrypted")]
    [InlineData("cert.pem", "secret.pem", null, "KeyPath", "holds a key that is encrypted, and no Password is given")]
    [InlineData("cert.pem", "secret.pem", "wrong", "KeyPath", "cannot be used: ")]
    [InlineData("site.pfx", null, "wrong", "Path", "cannot be used: ")]
    [InlineData("bare.pfx", null, "sesame", "Path", "cannot be used: It holds no private key")]
    public async Task Check_CertificateOfAnEndpoint_IsAnErrorWhereTheServerWouldEnd(
        string path, string? keyPath, string? password, string? key, string? rule)
    {
        foreach (var place in new[] { "Kestrel:Endpoints:Https:Certificate", "Kestrel:Certificates:Default", "Kestrel:Endpoints:Https:Sni:*:Certificate" })
        {
            var text = new ConfigurationText()
                .With("Kestrel:Endpoints:Https:Url", "\"https://127.0.0.1:0\"")
                .With($"{place}:Path", $"\"{path}\"");
            text = keyPath is null ? text : text.With($"{place}:KeyPath", $"\"{keyPath}\"");
            text = password is null ? text : text.With($"{place}:Password", $"\"{password}\"");
            Write("appsettings.json", text.ToString());

            var result = new ConfigurationLoader().Load(Path.Combine(_folder.Path, "appsettings.json"));

            if (key is null)
            {
                Assert.Empty(result.Errors);
                continue;
            }

            var error = Assert.Single(result.Errors);
            Assert.True($"{place}:{key}" == error.Key, error.ToString());
            Assert.StartsWith(rule!, error.Rule, StringComparison.Ordinal);
        }

        if (key is null)
        {
            await using var gateway = await RunningGateway.StartAsync($$"""
                { "Kestrel": { "Endpoints": { "Https": { "Url": "https://127.0.0.1:0", "Certificate": {
                  "Path": "{{_folder.Path}}/{{path}}"
                  {{(keyPath is null ? "" : $", \"KeyPath\": \"{_folder.Path}/{keyPath}\"")}}
                  {{(password is null ? "" : $", \"Password\": \"{password}\"")}} } } } } }
                """);
            Assert.NotNull(gateway.Client.BaseAddress);
        }
    }

    [Theory]
    [InlineData("junk.pem", null, null, "CertificatePath", "cannot be used: ")]
    [InlineData("cert.pem", "other.pem", null, "KeyPath", "cannot be used: ")]
    [InlineData("cert.pem", "absent.pem", null, "KeyPath", "is not a file")]
    [InlineData("cert.pem", "key.pem", "sesame", "Password", "is given for a key that is not encrypted")]
    [InlineData("cert.pem", null, null, "KeyPath", "is missing, and the certificate's file holds no private key")]
    [InlineData("both.pem", null, null, null, null)]
    public void Check_CertificateOfAVirtualServer_IsToldAtTheKeyItIsAbout(
        string path, string? keyPath, string? password, string? key, string? rule)
    {
        const string Place = "VirtualServers:smtp:Tls";
        var text = new ConfigurationText().With($"{Place}:CertificatePath", $"\"{path}\"");
        text = keyPath is null ? text : text.With($"{Place}:KeyPath", $"\"{keyPath}\"");
        text = password is null ? text : text.With($"{Place}:Password", $"\"{password}\"");
        Write("appsettings.json", text.ToString());

        var errors = new ConfigurationLoader().Load(Path.Combine(_folder.Path, "appsettings.json")).Errors;

        if (key is null)
        {
            Assert.Empty(errors);
        }
        else
        {
            var error = Assert.Single(errors);
            Assert.Equal($"{Place}:{key}", error.Key);
            Assert.StartsWith(rule!, error.Rule, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Reload_CertificateThatIsWrong_IsRefusedAndTheOldConfigurationStays()
    {
        string Configuration(string key) => $$"""
            { "Kestrel": { "Endpoints": { "Https": { "Url": "https://127.0.0.1:0", "Certificate": {
              "Path": "{{_folder.Path}}/cert.pem", "KeyPath": "{{_folder.Path}}/{{key}}.pem" } } } } }
            """;
        await using var gateway = await RunningGateway.StartAsync(Configuration("key"));

        await gateway.WriteAsync(Configuration("other"));
        await Eventually.TrueAsync(() => gateway.Reloader.Status.Failures == 1, "the file is refused");

        Assert.Equal("Kestrel:Endpoints:Https:Certificate:KeyPath", Assert.Single(gateway.Reloader.Status.LastErrors).Key);
    }

    [Fact]
    public void Check_NameWithoutACertificateOfAnybody_IsAnError()
    {
        var error = Assert.Single(new ConfigurationText()
            .With("Kestrel:Endpoints:Https:Url", "\"https://127.0.0.1:0\"")
            .With("Kestrel:Endpoints:Https:Sni:a.example", """{ "Protocols": "Http1" }""").Load().Errors);

        Assert.Equal("Kestrel:Endpoints:Https:Sni:a.example", error.Key);
    }

    public void Dispose()
    {
        _certificates.Dispose();
        _folder.Dispose();
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder.Path, name), text);
}
