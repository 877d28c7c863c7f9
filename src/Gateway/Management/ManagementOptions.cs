using System.Net;
using Gateway.Configuration;

namespace Gateway.Management;

/// <summary>The <c>Management</c> section, of which users, tokens and hosts are read anew with every configuration.</summary>
internal sealed record ManagementOptions
{
    public static readonly IPEndPoint DefaultAddress = new(IPAddress.Loopback, 3636);

    /// <summary>Where the API and the pages are served; empty is nowhere.</summary>
    public required IReadOnlyList<IPEndPoint> Listen { get; init; }

    /// <summary>Whether the configuration names no address: a second Gateway on a machine must start all the same.</summary>
    public bool IsDefaultAddress { get; init; }

    /// <summary>Certificate file; null is plain HTTP.</summary>
    public string? CertificatePath { get; init; }

    public string? CertificateKeyPath { get; init; }

    public string? CertificatePassword { get; init; }

    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromHours(8);

    /// <summary>Reads the section, whose values the schema has checked.</summary>
    public static ManagementOptions Read(LoadedConfiguration configuration)
    {
        var section = configuration.Section("Management");
        var certificate = section.Child("Certificate");
        var isDefault = !section.Has("Listen");
        return new ManagementOptions
        {
            Listen = isDefault ? [DefaultAddress] : section.EndPoints("Listen"),
            IsDefaultAddress = isDefault,
            CertificatePath = Rooted(configuration, certificate.Text("Path")),
            CertificateKeyPath = Rooted(configuration, certificate.Text("KeyPath")),
            CertificatePassword = certificate.Text("Password"),
            SessionTimeout = section.Time("SessionTimeout", TimeSpan.FromHours(8)),
        };
    }

    private static string? Rooted(LoadedConfiguration configuration, string? path) => path is null ? null
        : Path.Combine(Path.GetDirectoryName(Path.GetFullPath(configuration.SourceFile ?? "."))!, path);
}
