using System.Security.Cryptography.X509Certificates;
using Gateway.Clusters;

namespace Gateway.Management.Listening;

/// <summary>The certificate of the listener, read again when its file or that of its key has changed.</summary>
/// <remarks>May be asked by several handshakes at once.</remarks>
internal sealed class ListenerCertificate
{
    private readonly ManagementOptions _options;
    private readonly Lock _gate = new();
    private (FileStamp? Certificate, FileStamp? Key) _stamps;
    private X509Certificate2 _certificate;

    /// <exception cref="IOException">The files cannot be read as a certificate with its key.</exception>
    public ListenerCertificate(ManagementOptions options)
    {
        _options = options;
        _stamps = Stamps();
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
            var stamps = Stamps();
            if (stamps != _stamps)
            {
                try
                {
                    _certificate = Load();
                    _stamps = stamps;
                }
                catch (Exception e) when (e is System.Security.Cryptography.CryptographicException or IOException
                    or UnauthorizedAccessException)
                {
                    // Certificate and key are replaced one after the other: the old pair serves until both fit again
                    // and may be read.
                }
            }

            return _certificate;
        }
    }

    private (FileStamp? Certificate, FileStamp? Key) Stamps() => (
        FileStamp.Of(_options.CertificatePath!),
        _options.CertificateKeyPath is { } key ? FileStamp.Of(key) : null);

    private X509Certificate2 Load() =>
        CertificateFiles.ReadAsKestrel(_options.CertificatePath!, _options.CertificateKeyPath, _options.CertificatePassword);
}
