using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Clusters;

/// <summary>Reads certificates from files.</summary>
internal static class CertificateFiles
{
    /// <summary>Reads a server's certificate, with its key and chain; throws <see cref="IOException"/>,
    /// <see cref="UnauthorizedAccessException"/> or <see cref="System.Security.Cryptography.CryptographicException"/>.</summary>
    public static SslStreamCertificateContext Read(string path, string? keyPath, string? password)
    {
        var chain = new X509Certificate2Collection();
        if (!IsPem(path))
        {
            chain = X509CertificateLoader.LoadPkcs12CollectionFromFile(path, password);
            var own = chain.FirstOrDefault(certificate => certificate.HasPrivateKey)
                ?? throw new System.Security.Cryptography.CryptographicException("It holds no certificate with a private key.");
            return SslStreamCertificateContext.Create(own, chain, offline: true);
        }

        chain.ImportFromPemFile(path);
        var certificate = string.IsNullOrEmpty(password)
            ? X509Certificate2.CreateFromPemFile(path, keyPath)
            : X509Certificate2.CreateFromEncryptedPemFile(path, password, keyPath);
        return SslStreamCertificateContext.Create(certificate, chain, offline: true);
    }

    /// <summary>Reads authorities in PEM; throws as <see cref="Read"/>.</summary>
    public static X509Certificate2Collection ReadAuthorities(string path)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(path);
        return authorities;
    }

    private static bool IsPem(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> start = stackalloc byte[11];
        return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.IndexOf("-----"u8) >= 0;
    }
}
