using Gateway.Clusters;

namespace Gateway.Configuration;

/// <summary>Checks what Kestrel would find out only when it binds: certificates that are missing or cannot be used.</summary>
internal static class KestrelCertificates
{
    /// <param name="kestrel">The <c>Kestrel</c> section.</param>
    /// <param name="folder">Where relative paths begin: the folder of the configuration file; null when there is no
    /// file.
    /// </param>
    public static void Check(Section kestrel, string? folder)
    {
        var byDefault = kestrel.Child("Certificates").Child("Default");
        foreach (var certificate in kestrel.Child("Certificates").Children)
        {
            CheckFiles(certificate, folder);
        }

        foreach (var endpoint in kestrel.Child("Endpoints").Children)
        {
            var names = endpoint.Child("Sni").Children.ToList();
            foreach (var certificate in names.Append(endpoint).Select(section => section.Child("Certificate")))
            {
                CheckFiles(certificate, folder);
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
    public static void CheckFiles(Section certificate, string? folder) =>
        CertificateCheck.Check(certificate, "Path", folder, CertificateFiles.ReadAsKestrel);

    private static bool IsNamed(Section certificate) => certificate.Has("Path") || certificate.Has("Subject");
}
