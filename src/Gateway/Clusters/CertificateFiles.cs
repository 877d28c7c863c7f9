using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Clusters;

/// <summary>Reads certificates from files.</summary>
internal static class CertificateFiles
{
    /// <summary>Reads a server's certificate, with its key and chain; throws <see cref="IOException"/>,
    /// <see cref="UnauthorizedAccessException"/> or <see cref="CryptographicException"/>.</summary>
    public static SslStreamCertificateContext Read(string path, string? keyPath, string? password)
    {
        var chain = new X509Certificate2Collection();
        if (!IsPem(path))
        {
            chain = X509CertificateLoader.LoadPkcs12CollectionFromFile(path, password);
            var own = chain.FirstOrDefault(certificate => certificate.HasPrivateKey)
                ?? throw new CryptographicException("It holds no certificate with a private key.");
            return SslStreamCertificateContext.Create(own, chain, offline: true);
        }

        chain.ImportFromPemFile(path);
        var certificate = Join(File.ReadAllText(path), File.ReadAllText(keyPath ?? path), password);
        return SslStreamCertificateContext.Create(certificate, chain, offline: true);
    }

    /// <summary>Reads a server's certificate and its key as ASP.NET Core's server does, which takes no key in the file of a PEM
    /// certificate; throws as <see cref="Read"/>.</summary>
    public static X509Certificate2 ReadAsKestrel(string path, string? keyPath, string? password)
    {
        if (keyPath is null)
        {
            if (IsPem(path))
            {
                throw new CryptographicException("It is in PEM, and KeyPath names no file for its key.");
            }

            var whole = X509CertificateLoader.LoadPkcs12FromFile(path, password);
            return whole.HasPrivateKey ? whole
                : throw new CryptographicException("It holds no private key.");
        }

        using var certificate = X509Certificate2.GetCertContentType(path) == X509ContentType.Pkcs12
            ? X509CertificateLoader.LoadPkcs12FromFile(path, password: null)
            : X509CertificateLoader.LoadCertificateFromFile(path);
        var key = File.ReadAllText(keyPath);
        return Join(certificate.ExportCertificatePem(), key, password);
    }

    /// <summary>Whether a file can be read as a certificate, with or without a key.</summary>
    public static bool IsCertificate(string path)
    {
        try
        {
            return X509Certificate2.GetCertContentType(path) is X509ContentType.Cert or X509ContentType.Pkcs12;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Reads authorities in PEM; throws as <see cref="Read"/>.</summary>
    public static X509Certificate2Collection ReadAuthorities(string path)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(path);
        return authorities;
    }

    /// <summary>Whether a file begins as PEM does.</summary>
    public static bool IsPem(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> start = stackalloc byte[11];
        return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.IndexOf("-----"u8) >= 0;
    }

    private static X509Certificate2 Join(string certificate, string key, string? password)
    {
        try
        {
            return string.IsNullOrEmpty(password)
                ? X509Certificate2.CreateFromPem(certificate, key)
                : X509Certificate2.CreateFromEncryptedPem(certificate, key, password);
        }
        catch (ArgumentException e)
        {
            // What .NET says of a pair that does not fit, as while one file of the two has been replaced.
            throw new CryptographicException("The key does not belong to the certificate.", e);
        }
    }
}
