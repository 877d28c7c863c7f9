namespace Gateway.Configuration;

/// <summary>Checks what Kestrel would find out only when it binds: certificates that are missing.</summary>
internal static class KestrelCertificates
{
    public static void Check(Section kestrel)
    {
        var byDefault = kestrel.Child("Certificates").Child("Default");
        foreach (var certificate in kestrel.Child("Certificates").Children)
        {
            CheckFiles(certificate);
        }

        foreach (var endpoint in kestrel.Child("Endpoints").Children)
        {
            var names = endpoint.Child("Sni").Children.ToList();
            foreach (var certificate in names.Append(endpoint).Select(section => section.Child("Certificate")))
            {
                CheckFiles(certificate);
            }

            var isTls = endpoint.Text("Url", "").StartsWith("https:", StringComparison.OrdinalIgnoreCase);
            if (isTls && !byDefault.Exists && !endpoint.Has("Certificate") && names.Count == 0)
            {
                endpoint.Error("Url", "asks for TLS without a certificate",
                    "Add Certificate with Path and KeyPath to the endpoint, or Kestrel:Certificates:Default.");
            }
        }
    }

    /// <summary>A relative path depends on where the program runs, so only a full one can be judged.</summary>
    private static void CheckFiles(Section certificate)
    {
        foreach (var key in new[] { "Path", "KeyPath" })
        {
            if (certificate.Text(key) is { } file && Path.IsPathRooted(file) && !File.Exists(file))
            {
                certificate.Error(key, "is not a file", "Name a certificate file that exists.");
            }
        }
    }
}
