using System.Security.Cryptography;
using Gateway.Clusters;

namespace Gateway.Configuration;

/// <summary>Reads the TLS of one virtual server, and tries its files.</summary>
internal static class RelayTlsSection
{
    public static RelayTlsOptions? Read(Section section, string? folder)
    {
        if (!section.Children.Any())
        {
            return null;
        }

        var options = new RelayTlsOptions
        {
            CertificatePath = Full(section.Text("CertificatePath"), folder),
            KeyPath = Full(section.Text("KeyPath"), folder),
            Password = section.Text("Password"),
            Destinations = section.Word("Destinations", DestinationTls.None),
            DestinationName = section.Text("DestinationName"),
            DestinationAuthorities = Full(section.Text("DestinationAuthorities"), folder),
        };
        if (options.CertificatePath is not null)
        {
            CertificateCheck.Check(section, "CertificatePath", folder, CertificateFiles.Read);
        }
        else if (options.Destinations == DestinationTls.None)
        {
            section.Error("has neither a certificate for clients nor TLS to destinations",
                "Add CertificatePath and KeyPath, or Destinations.");
        }

        if (options.DestinationAuthorities is { } authorities)
        {
            Try(section, "DestinationAuthorities", () => CertificateFiles.ReadAuthorities(authorities));
        }

        return options;
    }

    private static string? Full(string? path, string? folder) => string.IsNullOrEmpty(path) ? null : Path.Combine(folder ?? "", path);

    private static void Try(Section section, string key, Func<object> read)
    {
        try
        {
            read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            section.Error(key, $"cannot be used: {e.Message.TrimEnd('.')}",
                "Name files that exist and fit each other, from the folder of the configuration on.");
        }
    }
}
