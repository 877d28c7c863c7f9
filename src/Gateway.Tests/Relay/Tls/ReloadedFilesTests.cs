using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;
using Gateway.Clusters;
using Gateway.Relay.Tls;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay.Tls;

/// <summary>A certificate and its key while their files are replaced.</summary>
public sealed partial class ReloadedFilesTests : IDisposable
{
    private static readonly TimeSpan _look = TimeSpan.FromSeconds(1);

    private readonly TemporaryFolder _folder = new();
    private readonly TestCertificates _certificates = new();
    private readonly FakeTime _time = new();
    private readonly List<string> _faults = [];

    [LinuxFact]
    public void Current_LinkOnTheWayIsSwapped_AsKubernetesDoes_NewPairIsRead()
    {
        // tls.crt and tls.key lead through ..data, which alone is replaced; sizes and names stay as they are.
        Version("one");
        var data = In("..data");
        Directory.CreateSymbolicLink(data, "one");
        File.CreateSymbolicLink(In("tls.crt"), "..data/tls.crt");
        File.CreateSymbolicLink(In("tls.key"), "..data/tls.key");
        var files = Files(In("tls.crt"), In("tls.key"));
        Assert.Equal("CN=one", Subject(files));

        Version("two");
        Directory.CreateSymbolicLink(In("..data_tmp"), "two");
        Assert.Equal(0, Rename(In("..data_tmp"), data));
        Directory.Delete(In("one"), recursive: true);

        Assert.Equal("CN=one", Subject(files));
        _time.Advance(_look);
        Assert.Equal("CN=two", Subject(files));
        Assert.Empty(_faults);
    }

    [Fact]
    public void Current_KeyComesLater_OldPairServesUntilThen_AndIsToldOnce()
    {
        var (certificate, key) = (In("a.pem"), In("a.key"));
        Version("one");
        Version("two");
        File.Copy(In("one/tls.crt"), certificate);
        File.Copy(In("one/tls.key"), key);
        var files = Files(certificate, key);
        Assert.Equal("CN=one", Subject(files));

        File.Copy(In("two/tls.crt"), certificate, overwrite: true);
        for (var i = 0; i < 3; i++)
        {
            _time.Advance(_look);
            Assert.Equal("CN=one", Subject(files));
        }

        Assert.Equal(["The key does not belong to the certificate."], _faults);
        File.Copy(In("two/tls.key"), key, overwrite: true);
        _time.Advance(_look);

        Assert.Equal("CN=two", Subject(files));
    }

    [Fact]
    public void Current_ReadingFailed_IsTriedAgainThoughNothingHasChanged()
    {
        Version("one");
        var isBroken = false;
        var read = 0;
        var files = new ReloadedFiles<string>(
            [In("one/tls.crt")], () => isBroken ? throw new IOException("no descriptor is left") : $"{++read}", _time, e => _faults.Add(e.Message));
        Assert.Equal("1", files.Current);
        isBroken = true;
        File.AppendAllText(In("one/tls.crt"), "\n");
        _time.Advance(_look);
        Assert.Equal("1", files.Current);

        isBroken = false;
        Assert.Equal("1", files.Current);
        _time.Advance(_look);

        Assert.Equal("2", files.Current);
        Assert.Single(_faults);
    }

    [Fact]
    public void ReadAgain_UnchangedFiles_AreReadOnce()
    {
        Version("one");
        var read = 0;
        var files = new ReloadedFiles<string>([In("one/tls.crt")], () => $"{++read}", _time, e => _faults.Add(e.Message));
        Assert.Equal("1", files.Current);

        files.ReadAgain();

        Assert.Equal("2", files.Current);
        _time.Advance(_look);
        Assert.Equal("2", files.Current);
    }

    public void Dispose()
    {
        _certificates.Dispose();
        _folder.Dispose();
    }

    private static string Subject(ReloadedFiles<X509Certificate2> files) => files.Current.Subject;

    private ReloadedFiles<X509Certificate2> Files(string certificate, string key) =>
        new([certificate, key], () => CertificateFiles.Read(certificate, key, null).TargetCertificate, _time, e => _faults.Add(e.Message));

    private string In(string name) => Path.Combine(_folder.Path, name);

    /// <summary>A folder with a certificate and its key.</summary>
    private void Version(string name)
    {
        using var certificate = _certificates.For(name);
        using var key = certificate.GetECDsaPrivateKey()!;
        Directory.CreateDirectory(In(name));
        File.WriteAllText(In($"{name}/tls.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(In($"{name}/tls.key"), key.ExportPkcs8PrivateKeyPem());
    }

    [LibraryImport("libc", EntryPoint = "rename", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);
}
