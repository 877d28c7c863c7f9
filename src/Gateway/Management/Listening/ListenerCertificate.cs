using System.Security.Cryptography.X509Certificates;
using Gateway.Configuration;

namespace Gateway.Management.Listening;

/// <summary>The certificate of the listener, read again when its file has changed.</summary>
/// <remarks>May be asked by several handshakes at once.</remarks>
internal sealed class ListenerCertificate
{
    private readonly ManagementOptions _options;
    private readonly Lock _gate = new();
    private FileStamp? _stamp;
    private X509Certificate2 _certificate;

    /// <exception cref="IOException">The files cannot be read as a certificate with its key.</exception>
    public ListenerCertificate(ManagementOptions options)
    {
        _options = options;
        _stamp = FileStamp.Of(options.CertificatePath!);
        try
        {
            _certificate = Load();
        }
        catch (Exception e) when (e is System.Security.Cryptography.CryptographicException or UnauthorizedAccessException)
        {
            throw new IOException($"Management:Certificate:Path: '{options.CertificatePath}' cannot be used: {e.Message}", e);
        }
    }

    public X509Certificate2 Current()
    {
        lock (_gate)
        {
            var stamp = FileStamp.Of(_options.CertificatePath!);
            if (stamp is not null && stamp != _stamp)
            {
                try
                {
                    _certificate = Load();
                    _stamp = stamp;
                }
                catch (Exception e) when (e is System.Security.Cryptography.CryptographicException or IOException)
                {
                    // Certificate and key are replaced one after the other: the old pair serves until both fit again.
                }
            }

            return _certificate;
        }
    }

    private X509Certificate2 Load()
    {
        if (_options.CertificateKeyPath is null)
        {
            return X509CertificateLoader.LoadPkcs12FromFile(_options.CertificatePath!, _options.CertificatePassword);
        }

        return _options.CertificatePassword is { } password
            ? X509Certificate2.CreateFromEncryptedPemFile(_options.CertificatePath!, password, _options.CertificateKeyPath)
            : X509Certificate2.CreateFromPemFile(_options.CertificatePath!, _options.CertificateKeyPath);
    }
}
