using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gateway.Clusters;
using Gateway.Probing;
using Gateway.Probing.Connections;
using Gateway.Probing.Kinds;
using Gateway.Tests.Support;

namespace Gateway.Tests.Probing;

/// <summary>Each kind of probe against the program it is for.</summary>
public class KindsTests
{
    [NeedsFact("redis-server", "redis-cli")]
    public async Task Redis_Real_IsUpWithAndWithoutAPassword()
    {
        await using var redis = await Redis.StartAsync();
        var options = new ProbeOptions { Kind = "redis", Timeout = Probe.Long };

        Assert.Equal("Passed", await FindAsync(options, redis.EndPoint));
        await Redis.CliAsync(redis.EndPoint, "config", "set", "requirepass", "secret");
        Assert.Equal("Passed", await FindAsync(options, redis.EndPoint));
        await redis.KillAsync();
        Assert.Equal("ConnectRefused", await FindAsync(options, redis.EndPoint));
    }

    [Theory]
    [InlineData("read|send -LOADING Redis is loading the dataset in memory\r\n", "UnexpectedAnswer (not in '-LOADING Redis is loading the dataset in memory..')")]
    [InlineData("read|send +PO|pause|send NG\r\n|read", "Passed")]
    [InlineData("read|hang", "TimedOut (0 bytes came)")]
    public async Task Redis_Answer_IsJudged(string script, string result)
    {
        await using var server = new ScriptedServer(script.Split('|'));
        var options = new ProbeOptions { Kind = "redis" };

        Assert.Equal(result, result.StartsWith("TimedOut", StringComparison.Ordinal)
            ? (await Probe.UntilItHangsAsync(options, server)).ToString()
            : await FindAsync(options with { Timeout = Probe.Long }, server.EndPoint));
    }

    [NeedsFact("setpriv", "pg_createcluster")]
    public async Task Postgres_Real_IsUpAndThenDown()
    {
        var options = new ProbeOptions { Kind = "postgres", Timeout = Probe.Long };
        IPEndPoint endPoint;
        await using (var postgres = await Postgres.StartAsync())
        {
            endPoint = postgres.EndPoint;
            await Eventually.TrueAsync(async () => await FindAsync(options, endPoint) == "Passed", "the server is ready");
            Assert.Equal("Passed", await FindAsync(options with { User = "postgres" }, endPoint));
        }

        Assert.Equal("ConnectRefused", await FindAsync(options, endPoint));
    }

    // "E", a length, then fields: severity, code, message.
    [Theory]
    [InlineData("57P03", "UnexpectedAnswer (SQLSTATE 57P03)")]
    [InlineData("53300", "UnexpectedAnswer (SQLSTATE 53300)")]
    [InlineData("28000", "Passed")]
    [InlineData("3D000", "Passed")]
    public async Task Postgres_Error_IsJudgedByItsCode(string code, string result)
    {
        await using var server = new ScriptedServer("read", $"send E\0\0\0\u0018SFATAL\0C{code}\0Mwhy\0\0", "read");

        Assert.Equal(result, await FindAsync(new ProbeOptions { Kind = "postgres", Timeout = Probe.Long }, server.EndPoint));
    }

    [NeedsFact("python3")]
    public async Task Smtp_Real_IsUp()
    {
        var endPoint = new IPEndPoint(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));
        await using var server = DebianProcess.Start(
            "python3", "-W", "ignore", "-c",
            $"import smtpd, asyncore; smtpd.SMTPServer(('127.0.0.1', {endPoint.Port}), None); asyncore.loop()");
        if (!await IsListeningAsync(server, endPoint))
        {
            // Python 3.12 has no mail server any more; the scripted ones remain.
            return;
        }

        Assert.Equal("Passed", await FindAsync(new ProbeOptions { Kind = "smtp", Timeout = Probe.Long }, endPoint));
    }

    [Theory]
    [InlineData("send 220-one\r\n220 two\r\n|read|send 250-a\r\n250 b\r\n|read", "Passed", "HELO mail.example\r\nQUIT\r\n")]
    [InlineData("send 220 one\r\n|read|send 250\r\n|read", "Passed", "HELO mail.example\r\nQUIT\r\n")]
    [InlineData("send 554 go away\r\n|read", "UnexpectedAnswer (step 1: not in '554 go away..')", "")]
    [InlineData("send 220 one\r\n|read|send 421 busy\r\n", "UnexpectedAnswer (step 2: not in '421 busy..')", "HELO mail.example\r\n")]
    public async Task Smtp_Conversation_IsJudged(string script, string result, string said)
    {
        await using var server = new ScriptedServer(script.Split('|'));
        var options = new ProbeOptions { Kind = "smtp", Host = "mail.example", Timeout = Probe.Long };

        Assert.Equal(result, await FindAsync(options, server.EndPoint));
        await Eventually.TrueAsync(() => server.Received == said, said);
    }

    [NeedsFact("dnsmasq")]
    public async Task Dns_Real_IsJudgedByItsRecords()
    {
        await using var dnsmasq = await Dnsmasq.StartAsync(
            "host-record=web.test,10.0.0.1", "cname=www.test,web.test", "srv-host=_http._tcp.web.test,web.test,8080,1,5",
            "mx-host=test,mail.test,10", "txt-record=test,hello", "host-record=web.test,2001:db8::1", "auth-ttl=5");

        async Task<string> Find(string query, string type, string answer = "") => await FindAsync(
            new ProbeOptions { Kind = "dns", Query = query, QueryType = type, Answer = answer, Timeout = Probe.Long },
            dnsmasq.EndPoint);

        Assert.Equal("Passed", await Find("web.test", "A"));
        Assert.Equal("Passed", await Find("WEB.test.", "A", "10.0.0.1"));
        Assert.Equal("UnexpectedAnswer ('10.0.0.1')", await Find("web.test", "A", "10.0.0.2"));
        Assert.Equal("Passed", await Find("www.test", "CNAME", "web.test"));
        Assert.Equal("Passed", await Find("web.test", "AAAA", "2001:db8::1"));
        Assert.Equal("Passed", await Find("_http._tcp.web.test", "SRV", "1 5 8080 web.test"));
        Assert.Equal("Passed", await Find("test", "MX", "10 mail.test."));
        Assert.Equal("Passed", await Find("test", "TXT", "hello"));
        Assert.Equal("UnexpectedAnswer (REFUSED)", await Find("nowhere.example", "A"));
        await dnsmasq.KillAsync();
        Assert.Equal("ConnectRefused", await Find("web.test", "A"));
    }

    [NeedsFact("nginx")]
    public async Task Http2_Nginx_IsJudgedByStatusAndBody()
    {
        await using var nginx = await Nginx.StartAsync("ready", listen: "http2", server: "location /down { return 503; }");

        async Task<string> Find(string path, string body) => await FindAsync(
            new ProbeOptions { Kind = "h2", Path = path, Body = body, Timeout = Probe.Long }, nginx.EndPoint);

        Assert.Equal("Passed", await Find("/", ""));
        Assert.Equal("Passed", await Find("/", "ready"));
        Assert.Equal("UnexpectedBody (not in 'ready')", await Find("/", "steady"));
        Assert.Equal("UnexpectedStatus (503)", await Find("/down", ""));
    }

    [NeedsFact("nginx")]
    public async Task Http2OverTls_Nginx_IsJudgedByItsCertificateAndWhatItSpeaks()
    {
        using var certificates = new TestCertificates();
        using var certificate = certificates.For("web.example");
        using var folder = new TemporaryFolder();
        var (cert, key) = TestCertificates.Write(certificate, folder);
        var server = $"ssl_certificate {cert}; ssl_certificate_key {key}; location /down {{ return 503; }}";
        await using var nginx = await Nginx.StartAsync("ready", listen: "ssl http2", server: server);
        await using var refusing = await Nginx.StartAsync("ready", listen: "ssl", server: server);
        await using var ignoring = await TlsServer.StartAsync(certificate);
        var options = new ProbeOptions { Kind = "h2", Tls = true, ServerName = "web.example", Body = "ready", Timeout = Probe.Long };
        using var deadline = new CancellationTokenSource(Probe.Long);

        async Task<string> Verify(string name) => (await new Http2Prober(options with { ServerName = name }, new ProbeTls(true, [certificates.Authority]))
            .ProbeAsync(new ProbeTarget(nginx.EndPoint), deadline.Token)).ToString();

        Assert.Equal("Passed", await FindAsync(options, nginx.EndPoint));
        Assert.Equal("UnexpectedStatus (503)", await FindAsync(options with { Path = "/down" }, nginx.EndPoint));
        Assert.StartsWith("TlsFailed", await FindAsync(options, refusing.EndPoint), StringComparison.Ordinal);
        Assert.Equal("UnexpectedAnswer (no HTTP/2 by ALPN)", await FindAsync(options, ignoring.EndPoint));
        Assert.Equal("Passed", await Verify("web.example"));
        Assert.StartsWith("TlsFailed", await Verify("other.example"), StringComparison.Ordinal);
        Assert.StartsWith("TlsFailed", await FindAsync(options with { VerifyCertificate = true }, nginx.EndPoint), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp", "send 220-one\r\n220 two\r\n|read|send 221 bye\r\n", "Passed", "QUIT\r\n")]
    [InlineData("ftp", "send 421 busy\r\n|read", "UnexpectedAnswer (not in '421 busy..')", "")]
    [InlineData("imap", "send * OK [CAPABILITY IMAP4rev1] hello\r\n|read|send * BYE\r\na OK\r\n", "Passed", "a LOGOUT\r\n")]
    [InlineData("imap", "send * PREAUTH known\r\n|read", "Passed", "a LOGOUT\r\n")]
    [InlineData("imap", "send * BYE overloaded\r\n|read", "UnexpectedAnswer (not in '* BYE overloaded..')", "")]
    [InlineData("pop3", "send +OK <1896.697170952@dbc.mtview.ca.us>\r\n|read|send +OK\r\n", "Passed", "QUIT\r\n")]
    [InlineData("pop3", "send -ERR in use\r\n|read", "UnexpectedAnswer (not in '-ERR in use..')", "")]
    public async Task Greeting_OfAWellKnownServer_IsJudged(string kind, string script, string result, string said)
    {
        await using var server = new ScriptedServer(script.Split('|'));

        Assert.Equal(result, await FindAsync(new ProbeOptions { Kind = kind, Timeout = Probe.Long }, server.EndPoint));
        await Eventually.TrueAsync(() => server.Received == said, said);
    }

    [Theory]
    [InlineData("", "Passed")]
    [InlineData("shop.v1.Cart", "Passed")]
    [InlineData("shop.v1.Broken", "UnexpectedAnswer (NOT_SERVING)")]
    [InlineData("shop.v1.None", "UnexpectedStatus (grpc-status 5)")]
    public async Task Grpc_HealthService_IsAsked(string service, string result)
    {
        await using var server = await GrpcServer.StartAsync();

        Assert.Equal(result, await FindAsync(
            new ProbeOptions { Kind = "grpc", Service = service, Timeout = Probe.Long }, server.EndPoint));
    }

    [Fact]
    public async Task Grpc_NoGrpcThere_SaysSo()
    {
        await using var http = new ScriptedServer("read", "send HTTP/1.1 400 Bad\r\n\r\n");

        var found = await Probe.OnceAsync(new ProbeOptions { Kind = "grpc", Timeout = Probe.Long }, http.EndPoint);

        Assert.NotEqual(ProbeOutcome.Passed, found.Outcome);
        Assert.NotEqual(ProbeOutcome.LocalFailure, found.Outcome);
    }

    [NeedsFact("openssl")]
    public async Task Tcp_OverTlsToOpenssl_TalksAndChecksTheCertificate()
    {
        using var certificates = new TestCertificates();
        using var certificate = certificates.For("web.example");
        using var folder = new TemporaryFolder();
        var (cert, key) = TestCertificates.Write(certificate, folder);
        var endPoint = new IPEndPoint(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));
        await using var openssl = DebianProcess.Start(
            "openssl", "s_server", "-accept", endPoint.ToString(), "-cert", cert, "-key", key, "-www", "-quiet");
        await openssl.WaitUntilListeningAsync(endPoint);
        var options = new ProbeOptions
        {
            Tls = true,
            Send = "GET / HTTP/1.0\r\n\r\n",
            Expect = "HTTP/1.0 200",
            ServerName = "web.example",
            Timeout = Probe.Long,
        };

        Assert.Equal("Passed", await FindAsync(options, endPoint));
        // The authority is one nobody trusts.
        Assert.StartsWith("TlsFailed", await FindAsync(options with { VerifyCertificate = true }, endPoint), StringComparison.Ordinal);
        Assert.Equal("Passed", await FindAsync(options with { Send = "", Expect = "" }, endPoint));
    }

    [IcmpTheory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Icmp_Loopback_Replies(string address) => Assert.Equal(
        "Passed", await FindAsync(new ProbeOptions { Kind = "icmp", Timeout = Probe.Long }, new IPEndPoint(IPAddress.Parse(address), 1)));

    [NetAdminFact]
    public void Icmp_EchoesAreIgnored_TimesOut()
    {
        using var silent = new NetworkNamespace("ping");
        silent.Set("net.ipv4.icmp_echo_ignore_all=1");
        silent.Inside(() =>
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
            var found = new IcmpProber().ProbeAsync(new ProbeTarget(new IPEndPoint(IPAddress.Loopback, 1)), deadline.Token).Result;

            Assert.Equal("TimedOut (no echo reply)", found.ToString());
        });
    }

    [NeedsFact("nginx")]
    public async Task Http_BodyHash_IsOfTheWholeBody()
    {
        await using var nginx = await Nginx.StartAsync("ready", server: "location /long { return 200 \"" + new string('x', 3000) + "\"; }");
        static string Hash(string text) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

        async Task<string> Find(string path, string hash) => await FindAsync(
            new ProbeOptions { Kind = "http", Path = path, BodySha256 = hash, Timeout = Probe.Long }, nginx.EndPoint);

        Assert.Equal("Passed", await Find("/", Hash("ready")));
        Assert.Equal("Passed", await Find("/long", Hash(new string('x', 3000))));
        Assert.StartsWith("UnexpectedBody (SHA-256 ", await Find("/", Hash("steady")), StringComparison.Ordinal);
    }

    private static async Task<bool> IsListeningAsync(DebianProcess process, IPEndPoint endPoint)
    {
        try
        {
            await process.WaitUntilListeningAsync(endPoint);
            return true;
        }
        catch (InvalidOperationException) when (process.HasExited)
        {
            return false;
        }
    }

    private static async Task<string> FindAsync(ProbeOptions options, EndPoint endPoint) =>
        (await Probe.OnceAsync(options, endPoint)).ToString();
}
