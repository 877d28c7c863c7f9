using System.Net;
using System.Security.Cryptography.X509Certificates;
using Gateway.Clusters;
using Gateway.Probing;
using Gateway.Probing.Connections;
using Gateway.Probing.Kinds;
using Gateway.Tests.Support;

namespace Gateway.Tests.Probing;

public class HttpProberTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nready";
    private const string Chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

    [Theory]
    [InlineData("200-299", "", "read|send " + Ok, "Passed")]
    [InlineData("200-299", "", "read|send HTTP/1.0 204 No Content\r\n\r\n", "Passed")]
    [InlineData("200-299", "", "read|send HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "UnexpectedStatus (503)")]
    [InlineData("200-299", "", "read|send HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", "UnexpectedStatus (302)")]
    [InlineData("200-299,401", "", "read|send HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n", "Passed")]
    // A good status is enough, however much body follows.
    [InlineData("200", "", "read|send HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n|hang", "Passed")]
    [InlineData("200", "", "read|send HTTP/1.1 200 OK\r\n\r\n|endless xxxxxxxxxxxxxxxxxxxxxx", "Passed")]
    [InlineData("200", "", "read|send HTTP/1.1 |pause|send 200 OK\r\nContent-|pause|send Length: 0\r\n\r\n", "Passed")]
    [InlineData("200", "", "read|send HTTP/1.1 100 Continue\r\n\r\n" + Ok, "Passed")]
    // The body.
    [InlineData("200", "ready", "read|send " + Ok, "Passed")]
    [InlineData("200", "steady", "read|send " + Ok, "UnexpectedBody (not in 'ready')")]
    [InlineData("200", "ready", "read|send HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "UnexpectedBody (no answer)")]
    [InlineData("200", "ready", "read|send " + Chunked + "2\r\nre\r\n|pause|send 3\r\nady\r\n0\r\n\r\n", "Passed")]
    [InlineData("200", "ready", "read|send HTTP/1.1 200 OK\r\n\r\nit is |pause|send ready", "Passed")]
    [InlineData("200", "ready", "read|send HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nrea", "Closed (before the end of the answer)")]
    [InlineData("200", "ready", "read|send HTTP/1.1 200 OK\r\n\r\nrea|pause|reset", "Closed (reset)")]
    // Line ends, as strict as the forwarder is.
    [InlineData("200", "ready", "read|send HTTP/1.1 200 OK\nContent-Length: 5\n\nready|hang", "UnexpectedAnswer (not HTTP: a line does not end in CR LF)")]
    [InlineData("200", "ready", "read|send HTTP/1.1 200 OK\r\nContent-Length: 5\n\r\nready|hang", "UnexpectedAnswer (not HTTP: a line does not end in CR LF)")]
    [InlineData("200", "ready", "read|send HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\nready|hang", "UnexpectedAnswer (not HTTP: a line does not end in CR LF)")]
    [InlineData("200", "ready", "read|send HTTP/1.1 200 OK\r|pause|send \nContent-Length: 5\r\n\r|pause|send \nready|hang", "Passed")]
    [InlineData("200", "ready", "read|send " + Chunked + "5;a=b\r\nready\r\n|hang", "Passed")]
    [InlineData("200", "ready", "read|send " + Chunked + "zz\r\n|hang", "UnexpectedAnswer (not HTTP)")]
    [InlineData("200", "ready", "read|send " + Chunked + "fffffffffffffffff\r\n|hang", "UnexpectedAnswer (not HTTP)")]
    [InlineData("200", "ready", "read|send " + Chunked + "2\r\nreXX\r\n|hang", "UnexpectedAnswer (not HTTP)")]
    [InlineData("200", "ready", "read|send HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n|hang", "UnexpectedAnswer (not HTTP)")]
    [InlineData("200", "", "read|send HTTP/1.1 200\r\n\r\n|hang", "Passed")]
    [InlineData("200", "", "read|send HTTP/1.1 20\r\n\r\n|hang", "UnexpectedAnswer (not HTTP)")]
    [InlineData("200", "", "read|send HTTP/1.1 2000\r\n\r\n|hang", "UnexpectedAnswer (not HTTP)")]
    [InlineData("200", "", "read|send HTTP/2.0 200 OK\r\n\r\n|hang", "UnexpectedAnswer (not HTTP)")]
    // No HTTP.
    [InlineData("200", "", "read|send 220 mail ready\r\n\r\n", "UnexpectedAnswer (not HTTP)")]
    [InlineData("200", "", "read", "Closed (before the end of the answer)")]
    [InlineData("200", "", "read|send HTTP/1.1 200 OK\r\nConte", "Closed (before the end of the answer)")]
    [InlineData("200", "", "read|reset", "Closed (reset)")]
    public async Task Probe_Answer_Ends(string status, string body, string script, string result)
    {
        await using var server = new ScriptedServer(script.Split('|', StringSplitOptions.RemoveEmptyEntries));

        var found = await Probe.OnceAsync(
            new ProbeOptions { Kind = "http", Status = status, Body = body, Timeout = Probe.Long }, server.EndPoint);

        Assert.Equal(result, found.ToString());
    }

    [Theory]
    [InlineData("404", "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "Leaving (404)", true)]
    [InlineData("404", Ok, "Passed", true)]
    [InlineData("404", "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "UnexpectedStatus (500)", false)]
    public async Task Probe_DrainStatus_IsLeavingAndUp(string status, string answer, string result, bool passed)
    {
        await using var server = new ScriptedServer("read", "send " + answer);

        var found = await Probe.OnceAsync(
            new ProbeOptions { Kind = "http", DrainStatus = status, Timeout = Probe.Long }, server.EndPoint);

        Assert.Equal((result, passed), (found.ToString(), found.Passed));
    }

    [Theory]
    [InlineData("\"db\":\"(ok|slow)\"", "Passed")]
    [InlineData("^ok", "UnexpectedBody (not in '{\"db\":\"slow\"}')")]
    public async Task Probe_BodyRegex_IsSearched(string pattern, string result)
    {
        await using var server = new ScriptedServer("read", "send HTTP/1.1 200 OK\r\n\r\n{\"db\":\"slow\"}");

        var found = await Probe.OnceAsync(
            new ProbeOptions { Kind = "http", Body = pattern, Regex = true, Timeout = Probe.Long }, server.EndPoint);

        Assert.Equal(result, found.ToString());
    }

    [Fact]
    public async Task Probe_Headers_AreSent()
    {
        await using var server = new ScriptedServer("read", "send " + Ok);

        await Probe.OnceAsync(
            new ProbeOptions
            {
                Kind = "http",
                Headers = [new ProbeHeader("X-Probe", "1"), new ProbeHeader("user-agent", "mine")],
                Timeout = Probe.Long,
            },
            server.EndPoint);

        Assert.Equal(
            $"GET / HTTP/1.1\r\nHost: {server.EndPoint}\r\nConnection: close\r\nX-Probe: 1\r\nuser-agent: mine\r\n\r\n",
            server.Received);
    }

    // Whether the close or the reset that follows a request nobody read is seen first is the kernel's affair.
    [Fact]
    public async Task Probe_ClosedWithoutReading_IsClosed()
    {
        await using var server = new ScriptedServer([]);

        var found = await Probe.OnceAsync(new ProbeOptions { Kind = "http", Timeout = Probe.Long }, server.EndPoint);

        Assert.Equal(ProbeOutcome.Closed, found.Outcome);
    }

    [Theory]
    [InlineData("read|hang")]
    [InlineData("read|send HTTP/1.1 200 OK\r\n|hang")]
    [InlineData("read|send HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nrea|hang")]
    public async Task Probe_AnswerIsLate_TimesOut(string script)
    {
        await using var server = new ScriptedServer(script.Split('|'));

        var found = await Probe.UntilItHangsAsync(new ProbeOptions { Kind = "http", Body = "ready" }, server);

        Assert.Equal(ProbeOutcome.TimedOut, found.Outcome);
    }

    [Theory]
    [InlineData("read|send HTTP/1.1 200 OK\r\n\r\n|drip x", ProbeOutcome.UnexpectedBody)]
    [InlineData("read|send HTTP/1.1 200 OK\r\n\r\n|endless xxxxxxxxxxxxxxxxxxxxxx", ProbeOutcome.UnexpectedBody)]
    [InlineData("read|send HTTP/1.1 200 OK\r\n|endless X-Header: and more and more\r\n", ProbeOutcome.UnexpectedAnswer)]
    public async Task Probe_ServerNeverStops_GivesUpByItself(string script, object outcome)
    {
        await using var server = new ScriptedServer(script.Split('|'));

        var found = await Probe.OnceAsync(
            new ProbeOptions { Kind = "http", Body = "ready", Timeout = Probe.Long }, server.EndPoint);

        Assert.Equal(outcome, found.Outcome);
    }

    [Fact]
    public async Task Probe_Request_IsOneWithoutSurprises()
    {
        await using var server = new ScriptedServer("read", "send " + Ok);

        await Probe.OnceAsync(
            new ProbeOptions { Kind = "http", Path = "/health?deep=1&x=%2F", Method = "HEAD", Timeout = Probe.Long },
            server.EndPoint);

        Assert.Equal(
            $"HEAD /health?deep=1&x=%2F HTTP/1.1\r\nHost: {server.EndPoint}\r\nConnection: close\r\n"
            + "User-Agent: Gateway-Probe\r\n\r\n",
            server.Received);
    }

    [Theory]
    [InlineData("probe.example", "own.example", "probe.example")]
    [InlineData(null, "own.example", "own.example")]
    [InlineData("probe.example:8080", null, "probe.example:8080")]
    public async Task Probe_HostIsSet_IsSent(string? ofProbe, string? ofDestination, string host)
    {
        await using var server = new ScriptedServer("read", "send " + Ok);
        var options = new ProbeOptions { Kind = "http", Host = ofProbe };

        await Probe.OnceAsync(new HttpProber(options), Probe.Long, new ProbeTarget(server.EndPoint, ofDestination, "/app"));

        Assert.StartsWith($"GET /app/ HTTP/1.1\r\nHost: {host}\r\n", server.Received, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("::1")]
    [InlineData("127.0.0.246")]
    public async Task Probe_OtherAddresses_Work(string address)
    {
        await using var server = new ScriptedServer(IPAddress.Parse(address), null, "read", "send " + Ok);

        var found = await Probe.OnceAsync(new ProbeOptions { Kind = "http", Timeout = Probe.Long }, server.EndPoint);

        Assert.Equal(new ProbeResult(ProbeOutcome.Passed), found);
        Assert.Contains($"Host: {server.EndPoint}\r\n", server.Received, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http")]
    [InlineData("https")]
    public async Task Probe_NothingListens_IsRefused(string kind)
    {
        var port = FreePort.On(IPAddress.Loopback);

        var found = await Probe.OnceAsync(
            new ProbeOptions { Kind = kind, Timeout = Probe.Long }, new DnsEndPoint("localhost", port));

        Assert.Equal(new ProbeResult(ProbeOutcome.ConnectRefused), found);
    }

    // The certificate is looked at only if asked for; then it must be of a known authority, in time, and for the name.
    [Theory]
    [InlineData("web.example", false, true, true, ProbeOutcome.Passed)]
    [InlineData("other.example", false, true, true, ProbeOutcome.TlsFailed)]
    [InlineData("web.example", true, true, true, ProbeOutcome.TlsFailed)]
    [InlineData("web.example", false, false, true, ProbeOutcome.TlsFailed)]
    [InlineData("other.example", true, false, false, ProbeOutcome.Passed)]
    public async Task Probe_Certificate_IsCheckedIfAskedFor(
        string name, bool expired, bool known, bool verify, object outcome)
    {
        using var certificates = new TestCertificates();
        using var certificate = certificates.For(name, expired);
        await using var server = new ScriptedServer(IPAddress.Loopback, certificate, "read", "send " + Ok);
        var roots = known ? new X509Certificate2Collection(certificates.Authority) : null;
        var prober = new HttpProber(
            new ProbeOptions { Kind = "https", Host = "web.example", Body = "ready" }, new ProbeTls(verify, roots));

        var found = await Probe.OnceAsync(prober, Probe.Long, new ProbeTarget(server.EndPoint));

        Assert.Equal(outcome, found.Outcome);
        Assert.Equal(["web.example"], server.ServerNames);
    }

    [Theory]
    [InlineData("send HTTP/1.1 400 Plain HTTP here\r\n\r\n|hang", ProbeOutcome.TlsFailed)]
    [InlineData("read|reset", ProbeOutcome.TlsFailed)]
    [InlineData("read", ProbeOutcome.TlsFailed)]
    public async Task Probe_NoTlsThere_SaysSo(string script, object outcome)
    {
        await using var server = new ScriptedServer(script.Split('|'));

        var found = await Probe.OnceAsync(new ProbeOptions { Kind = "https", Timeout = Probe.Long }, server.EndPoint);

        Assert.Equal(outcome, found.Outcome);
    }

    [Fact]
    public async Task Probe_HandshakeHangs_TimesOut()
    {
        await using var server = new ScriptedServer("read", "hang");

        var found = await Probe.UntilItHangsAsync(new ProbeOptions { Kind = "https" }, server);

        Assert.Equal("TimedOut (in the TLS handshake)", found.ToString());
    }

    [NeedsFact("nginx")]
    public async Task Probe_Nginx_IsJudgedByStatusAndBody()
    {
        await using var nginx = await Nginx.StartAsync("ready", server: "location /down { return 503; }");

        async Task<string> Find(string path, string body) => (await Probe.OnceAsync(
            new ProbeOptions { Kind = "http", Path = path, Body = body, Timeout = Probe.Long }, nginx.EndPoint)).ToString();

        Assert.Equal("Passed", await Find("/", "ready"));
        Assert.Equal("UnexpectedBody (not in 'ready')", await Find("/", "steady"));
        Assert.Equal("UnexpectedStatus (503)", await Find("/down", ""));
    }

    [NeedsFact("nginx")]
    public async Task Probe_NginxWithTls_Passes()
    {
        using var certificates = new TestCertificates();
        using var certificate = certificates.For("127.0.0.1");
        using var folder = new TemporaryFolder();
        var (cert, key) = TestCertificates.Write(certificate, folder);
        await using var nginx = await Nginx.StartAsync(
            "ready", listen: "ssl", server: $"ssl_certificate {cert}; ssl_certificate_key {key};");
        var prober = new HttpProber(
            new ProbeOptions { Body = "ready" }, new ProbeTls(verify: true, [certificates.Authority]));

        var found = await Probe.OnceAsync(prober, Probe.Long, new ProbeTarget(nginx.EndPoint));

        Assert.Equal(new ProbeResult(ProbeOutcome.Passed), found);
    }
}
