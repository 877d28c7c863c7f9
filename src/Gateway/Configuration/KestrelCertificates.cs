namespace Gateway.Configuration;

/// <summary>Checks what Kestrel would find out only when it binds: certificates that are missing.</summary>
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
            if (isTls && !byDefault.Exists && !endpoint.Has("Certificate") && names.Count == 0)
            {
                endpoint.Error("Url", "asks for TLS without a certificate",
                    "Add Certificate with Path and KeyPath to the endpoint, or Kestrel:Certificates:Default.");
            }
        }
    }

    /// <summary>Checks that the files of a certificate exist.</summary>
    public static void CheckFiles(Section certificate, string? folder)
    {
        foreach (var key in new[] { "Path", "KeyPath" })
        {
            if (certificate.Text(key) is { } file && (folder is not null || Path.IsPathRooted(file))
                && !File.Exists(Path.Combine(folder ?? "", file)))
            {
                certificate.Error(key, "is not a file",
                    "Name a certificate file that exists, from the folder of the configuration on.");
            }
        }
    }
}
