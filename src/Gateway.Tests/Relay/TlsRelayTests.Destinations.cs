using System.Net;
using System.Text;
using Gateway.Clusters;
using Gateway.Names;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <content>TLS towards destinations.</content>
public abstract partial class TlsRelayTests
{
    [Fact]
    public async Task Tls_BeginsHere_DestinationsCertificateIsVerified()
    {
        await using var right = await TlsServer.StartAsync(_certificates.For("mail.example"));
        await using var wrong = await TlsServer.StartAsync(_certificates.For("other.example"));
        var options = new RelayTlsOptions
        {
            Destinations = DestinationTls.Verified,
            DestinationName = "mail.example",
            DestinationAuthorities = Write("ca.pem", _certificates.Authority.ExportCertificatePem()),
        };
        await using var rig = await StartAsync(options, wrong.EndPoint, right.EndPoint);

        var client = await rig.ConnectAsync();
        await client.SendAllAsync("hello"u8.ToArray());

        Assert.Equal("hello", Encoding.ASCII.GetString(await client.ReadExactlyAsync(5)));
        Assert.Equal("mail.example", right.LastName);
        Assert.Equal(1, rig.State("A").Retries);
    }

    [Fact]
    public async Task Tls_DestinationIsAnAddressOfAName_CertificateOfTheNameIsDemanded()
    {
        await using var right = await TlsServer.StartAsync(_certificates.For("mail.example"));
        await using var wrong = await TlsServer.StartAsync(_certificates.For("127.0.0.1"));
        var options = new RelayTlsOptions
        {
            Destinations = DestinationTls.Verified,
            DestinationAuthorities = Write("ca.pem", _certificates.Authority.ExportCertificatePem()),
        };
        await using var rig = NewRig();
        rig.Options = rig.Options with { Tls = options };
        var cluster = RelayRig.Cluster(wrong.EndPoint, right.EndPoint);
        var found = NameExpansion.Order([new NameAddress(IPAddress.Loopback)]);
        rig.Store.Apply(
            [
                cluster with
                {
                    Destinations = [.. cluster.Destinations.SelectMany(destination => NameExpansion.Expand(
                        destination with { Address = new Uri($"tcp://mail.example:{destination.Address.Port}") }, found))],
                },
            ],
            [rig.Options]);
        await rig.Service.StartAsync(CancellationToken.None);

        var client = await rig.ConnectAsync();
        await client.SendAllAsync("hello"u8.ToArray());

        Assert.Equal("hello", Encoding.ASCII.GetString(await client.ReadExactlyAsync(5)));
        Assert.Equal("mail.example", right.LastName);
        Assert.Equal(1, rig.State("A[127.0.0.1]").Failures(FailureReason.ConnectError));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tls_CertificateSaysWhereItsIssuerIs_NobodyAsksThere(bool isVerified)
    {
        using var elsewhere = new TcpDestination();
        var issuer = new Uri($"http://{elsewhere.EndPoint}/issuer.cer");
        await using var destination = await TlsServer.StartAsync(_certificates.For("mail.example", issuer: issuer));
        var options = new RelayTlsOptions { Destinations = isVerified ? DestinationTls.Verified : DestinationTls.Unverified };
        await using var rig = await StartAsync(options, destination.EndPoint);

        if (isVerified)
        {
            await rig.ConnectResetAsync();
        }
        else
        {
            var client = await rig.ConnectAsync();
            await client.SendAllAsync("hello"u8.ToArray());
            Assert.Equal("hello", Encoding.ASCII.GetString(await client.ReadExactlyAsync(5)));
        }

        Assert.False(elsewhere.HasAccepted);
    }

    [Fact]
    public async Task Tls_EndsAndBeginsHere_WithSni_Works()
    {
        await using var destination = await TlsServer.StartAsync(_certificates.For("mail.example"));
        var options = new RelayTlsOptions { CertificatePath = Pem("relay.example"), Destinations = DestinationTls.Unverified };
        await using var rig = NewRig();
        rig.Options = rig.Options with { Tls = options, ClusterId = "none", Sni = [new("relay.example", "c")] };
        await rig.RunAsync(destination.EndPoint);

        await using var client = await ConnectAsync(rig);
        await client.WriteAsync("hello"u8.ToArray());
        var answer = new byte[5];
        await client.ReadExactlyAsync(answer).AsTask().WaitAsync(_deadline);

        Assert.Equal("hello", Encoding.ASCII.GetString(answer));
    }

    [Fact]
    public async Task Tls_DestinationDoesNotAnswerTheHandshake_NextOneIsTried()
    {
        using var silent = new TcpDestination();
        await using var good = await TlsServer.StartAsync(_certificates.For("mail.example"));
        await using var rig = NewRig();
        rig.Options = rig.Options with
        {
            Tls = new RelayTlsOptions { Destinations = DestinationTls.Unverified },
            // It holds for the second destination too, whose handshake may take its time on a machine that has other work.
            ConnectTimeout = TimeSpan.FromSeconds(2),
        };
        await rig.RunAsync(silent.EndPoint, good.EndPoint);

        var client = await rig.ConnectAsync();
        await client.SendAllAsync("hello"u8.ToArray());

        Assert.Equal("hello", Encoding.ASCII.GetString(await client.ReadExactlyAsync(5)));
        Assert.Equal(1, rig.State("A").Failures(FailureReason.ConnectTimeout));
        Assert.Equal(0, rig.State("A").Active);
    }
}
