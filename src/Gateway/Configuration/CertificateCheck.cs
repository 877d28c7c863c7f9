using System.Security.Cryptography;
using Gateway.Clusters;

namespace Gateway.Configuration;

/// <summary>Tries the files of a certificate before whoever serves it has to: each fault is told at the key that it is
/// about.</summary>
internal static class CertificateCheck
{
    private const string Remedy = "Name files that exist and fit each other, from the folder of the configuration on.";

    /// <summary>Reads a certificate with its key; throws <see cref="IOException"/>, <see cref="UnauthorizedAccessException"/> or
    /// <see cref="CryptographicException"/>.</summary>
    /// <param name="path">The certificate, in PEM or PFX.</param>
    /// <param name="keyPath">Its key in PEM; null is in the same file.</param>
    /// <param name="password">What the key is encrypted with; null is not at all.</param>
    public delegate object Read(string path, string? keyPath, string? password);

    /// <param name="section">The section that names the files.</param>
    /// <param name="pathKey">The key of the certificate's file.</param>
    /// <param name="folder">Where relative paths begin; null where it is not known, and relative paths are not looked at.</param>
    /// <param name="read">How the certificate will be read.</param>
    public static void Check(Section section, string pathKey, string? folder, Read read)
    {
        var path = Named(section, pathKey, folder);
        var keyPath = Named(section, "KeyPath", folder);
        var canRead = path is null || CanRead(section, pathKey, path);
        if ((keyPath is not null && !CanRead(section, "KeyPath", keyPath)) || !canRead || path is null
            || (keyPath is null && section.Text("KeyPath") is { Length: > 0 }))
        {
            return;
        }

        var isPem = CertificateFiles.IsPem(path);
        try
        {
            if ((keyPath is null && !isPem)
                || !IsKeyWrong(section, keyPath is null ? pathKey : "KeyPath", File.ReadAllText(keyPath ?? path)))
            {
                read(path, keyPath, section.Text("Password"));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            section.Error(keyPath is not null && CertificateFiles.IsCertificate(path) ? "KeyPath" : pathKey,
                $"cannot be used: {e.Message.TrimEnd('.')}", Remedy);
        }
    }

    /// <summary>The whole path of a file; null when none is named, or it is not known where it begins.</summary>
    private static string? Named(Section section, string key, string? folder) =>
        section.Text(key) is { Length: > 0 } path && (folder is not null || Path.IsPathRooted(path)) ? Path.Combine(folder ?? "", path) : null;

    private static bool CanRead(Section section, string key, string file)
    {
        if (!File.Exists(file))
        {
            section.Error(key, "is not a file", "Name a certificate file that exists, from the folder of the configuration on.");
            return false;
        }

        try
        {
            using var open = File.OpenRead(file);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            section.Error(key, $"cannot be read: {e.Message.TrimEnd('.')}", "Let the user that Gateway runs as read it.");
            return false;
        }
    }

    /// <summary>Whether the key in a PEM file is missing, or encrypted where no password is given or the other way round; tells
    /// it.</summary>
    private static bool IsKeyWrong(Section section, string key, string pem)
    {
        var isEncrypted = pem.Contains("-----BEGIN ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal);
        var hasPassword = !string.IsNullOrEmpty(section.Text("Password"));
        if (!isEncrypted && !pem.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            if (key == "KeyPath")
            {
                section.Error(key, "holds no private key in PEM", "Name the file of the certificate's private key.");
            }
            else
            {
                section.Error("KeyPath", "is missing, and the certificate's file holds no private key", "Name the file of the certificate's private key.");
            }

            return true;
        }

        if (isEncrypted != hasPassword)
        {
            section.Error(isEncrypted ? key : "Password",
                isEncrypted ? "holds a key that is encrypted, and no Password is given" : "is given for a key that is not encrypted",
                isEncrypted ? "Add its Password." : "Remove it.");
            return true;
        }

        return false;
    }
}
