using System.Net;

namespace Gateway.Configuration;

/// <summary>Checks that nobody can manage Gateway over a network without TLS and a login.</summary>
internal static class ManagementRules
{
    /// <summary>Whether somebody has to log in; otherwise everybody on this machine is an administrator.</summary>
    public static bool HasLogins(LoadedConfiguration configuration) => HasLogins(configuration.Section("Management"));

    /// <param name="management">The <c>Management</c> section.</param>
    /// <param name="folder">Where relative paths begin; null when there is no file.</param>
    public static void Check(Section management, string? folder)
    {
        var certificate = management.Child("Certificate");
        KestrelCertificates.CheckFiles(certificate, folder);
        var hasLogins = HasLogins(management);
        foreach (var address in management.Child("Listen").Elements)
        {
            if (ListenAddress.Parse(address.Value) is not { } endPoint || IPAddress.IsLoopback(endPoint.Address))
            {
                continue;
            }

            if (!hasLogins)
            {
                address.Error("can be reached from other machines, and there is no login",
                    "Set one by 'gateway passwd', or use 127.0.0.1.");
            }
            else if (!certificate.Exists && !management.Flag("AllowPlainHttp", false))
            {
                address.Error("can be reached from other machines without TLS",
                    "Add Certificate with Path and KeyPath, or AllowPlainHttp: true where something else encrypts.");
            }
        }
    }

    private static bool HasLogins(Section management) =>
        management.Child("Users").Children.Any() || management.Child("Tokens").Children.Any();
}
