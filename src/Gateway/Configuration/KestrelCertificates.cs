using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Clusters;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Gateway.Configuration;

/// <summary>Checks what Kestrel would find out only when it binds: certificates that are missing or cannot be used.</summary>
internal static class KestrelCertificates
{
    // RFC 5280, section 4.2.1.12: id-kp-serverAuth.
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <param name="kestrel">The <c>Kestrel</c> section.</param>
    /// <param name="folder">Where relative paths begin: the folder of the configuration file; null when there is no
    /// file.
    /// </param>
    public static void Check(Section kestrel, string? folder)
    {
        var byDefault = kestrel.Child("Certificates").Child("Default");
        foreach (var certificate in kestrel.Child("Certificates").Children)
        {
            CheckOne(certificate, folder);
        }

        foreach (var endpoint in kestrel.Child("Endpoints").Children)
        {
            var names = endpoint.Child("Sni").Children.ToList();
            foreach (var certificate in names.Append(endpoint).Select(section => section.Child("Certificate")))
            {
                CheckOne(certificate, folder);
            }

            var isTls = endpoint.Text("Url", "").StartsWith("https:", StringComparison.OrdinalIgnoreCase);
            if (!isTls || IsNamed(byDefault) || IsNamed(endpoint.Child("Certificate")))
            {
                continue;
            }

            if (names.Count == 0)
            {
                endpoint.Error("Url", "asks for TLS without a certificate",
                    "Add Certificate with Path and KeyPath to the endpoint, or Kestrel:Certificates:Default.");
            }

            foreach (var name in names.Where(name => !IsNamed(name.Child("Certificate"))))
            {
                name.Error("has no certificate, and neither has its endpoint",
                    "Add Certificate with Path and KeyPath to the name or the endpoint, or Kestrel:Certificates:Default.");
            }
        }
    }

    /// <summary>Tries the files of a certificate.</summary>
    public static void CheckFiles(Section certificate, string? folder) => CertificateCheck.Check(certificate, "Path", folder, (path, keyPath, password) =>
    {
        var read = CertificateFiles.ReadAsKestrel(path, keyPath, password);
        if (!IsForServers(read))
        {
            certificate.Error("Path", "is not for servers: its extended key usage does not have server authentication", "Name a certificate for servers.");
        }

        return read;
    });

    private static void CheckOne(Section certificate, string? folder)
    {
        CheckFiles(certificate, folder);
        if (IsGiven(certificate, "Subject") && IsGiven(certificate, "Path"))
        {
            certificate.Error("Subject", "names a second certificate, beside that of Path", "Remove one of the two.");
        }
        else if (certificate.Text("Subject") is { Length: > 0 } subject)
        {
            CheckStore(certificate, subject);
        }
    }

    /// <summary>Looks for a certificate in its store as Kestrel does.</summary>
    private static void CheckStore(Section certificate, string subject)
    {
        var store = certificate.Text("Store") is { Length: > 0 } name ? name : nameof(StoreName.My);
        var location = certificate.Word("Location", StoreLocation.CurrentUser);
        try
        {
            CertificateLoader.LoadFromStoreCert(subject, store, location, certificate.Flag("AllowInvalid", false)).Dispose();
        }
        catch (InvalidOperationException)
        {
            certificate.Error("Subject", $"is of no certificate in the store {store} of {location} that has a private key, is for servers and is valid",
                "Add it to the store, name another, or use Path and KeyPath.");
        }
        catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException or UnauthorizedAccessException or IOException)
        {
            // .NET tells why only behind what it says first.
            certificate.Error(certificate.Has("Store") ? "Store" : certificate.Has("Location") ? "Location" : "Subject",
                $"is in the store {store} of {location}, which cannot be read: {e.GetBaseException().Message.TrimEnd('.')}", "Use Path and KeyPath.");
        }
    }

    private static bool IsForServers(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().ToArray() is not { Length: > 0 } usages
        || usages.Any(usage => usage.EnhancedKeyUsages.Cast<Oid>().Any(purpose => purpose.Value == ServerAuthentication));

    private static bool IsNamed(Section certificate) => IsGiven(certificate, "Path") || IsGiven(certificate, "Subject");

    // Kestrel takes an empty text for none.
    private static bool IsGiven(Section certificate, string key) => certificate.Text(key) is { Length: > 0 };
}
