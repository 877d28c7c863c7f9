using System.Runtime.InteropServices;
using Gateway.Clusters;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

[Collection("SIGHUP")] // It reaches every Gateway of the process.
public sealed partial class HangupRelayTests() : RelayTests("auto"), IDisposable
{
    private const int SigHup = 1;

    private readonly TemporaryFolder _folder = new();
    private readonly TestCertificates _certificates = new();

    [HangupFact]
    public async Task Hangup_CertificateIsReadAgain()
    {
        // The relay leaves it to others whether the signal ends the process.
        using var kept = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => signal.Cancel = true);
        using var one = _certificates.For("one.example");
        using var two = _certificates.For("two.example");
        var (certificate, key) = TestCertificates.Write(one, _folder);
        await using var rig = NewRig(new FakeTime());
        rig.Options = rig.Options with { Tls = new RelayTlsOptions { CertificatePath = certificate, KeyPath = key } };
        await rig.RunAsync();
        Assert.Equal("CN=one.example", Subject(rig));
        TestCertificates.Write(two, _folder);
        Assert.Equal("CN=one.example", Subject(rig));

        // The clock stands: nothing but the signal can have caused it.
        Assert.Equal(0, Kill(Environment.ProcessId, SigHup));

        await Eventually.TrueAsync(() => Subject(rig) == "CN=two.example", "the certificate is read again");
    }

    public void Dispose()
    {
        _certificates.Dispose();
        _folder.Dispose();
    }

    private static string Subject(RelayRig rig) =>
        rig.VirtualServer.Tls!.ForClients!.ServerCertificateContext!.TargetCertificate.Subject;

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
