using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Gateway.Management.Access;
using Gateway.Tests.Support;

namespace Gateway.Tests.Management;

/// <summary>Attempts to get in, or to make somebody's browser do something: each refused, and each in the audit.</summary>
public sealed class ManagementAccessTests(ManagementAccessTests.OneGateway shared) : IClassFixture<ManagementAccessTests.OneGateway>
{
    private const string Configuration = """
        { "ReverseProxy": { "Clusters": { "web": { "Destinations": { "a": { "Address": "http://127.0.0.1:1" } } } } } }
        """;

    private readonly string[] _tokens = shared.Tokens;
    private readonly ManagedGateway _gateway = shared.Gateway;

    /// <summary>One Gateway for all attempts.</summary>
    public sealed class OneGateway : IAsyncLifetime
    {
        internal string[] Tokens { get; } = [Logins.NewToken("viewer"), Logins.NewToken("operator"), Logins.NewToken("admin")];

        internal ManagedGateway Gateway { get; private set; } = null!;

        public async Task InitializeAsync() => Gateway = await ManagedGateway.StartAsync(Configuration, ManagedGateway.LoginsFor(Tokens));

        public async Task DisposeAsync() => await Gateway.DisposeAsync();
    }

    [Theory]
    [InlineData("no login", "GET /api/v1/status", "", 401)]
    [InlineData("no login for a path that is not there", "GET /api/v1/nothing", "", 401)]
    [InlineData("made-up token", "GET /api/v1/status", "Authorization: Bearer gw_admin.0123", 401)]
    [InlineData("token of nobody", "GET /api/v1/status", "Authorization: Bearer gw_nobody.0123", 401)]
    [InlineData("password as a header", "GET /api/v1/status", "Authorization: Basic YWRtaW46YWRtaW4=", 401)]
    [InlineData("made-up session", "GET /api/v1/status", "Cookie: gateway-management=0123456789abcdef", 401)]
    [InlineData("viewer drains", "POST /api/v1/clusters/web/destinations/a/drain", "Authorization: Bearer @viewer", 403)]
    [InlineData("operator changes the configuration", "PATCH /api/v1/configuration", "Authorization: Bearer @operator", 403)]
    [InlineData("operator confirms", "POST /api/v1/configuration/confirm", "Authorization: Bearer @operator", 403)]
    [InlineData("forged Host", "GET /api/v1/status", "Authorization: Bearer @admin|Host: evil.example", 421)]
    [InlineData("rebound name", "POST /api/v1/session", "Host: gateway.evil.example:3636", 421)]
    [InlineData("page elsewhere, by fetch metadata", "POST /api/v1/clusters/web/destinations/a/drain", "Authorization: Bearer @admin|Sec-Fetch-Site: cross-site", 403)]
    [InlineData("page elsewhere, by origin", "POST /api/v1/clusters/web/destinations/a/drain", "Authorization: Bearer @admin|Origin: https://evil.example", 403)]
    [InlineData("page of another port of this machine", "POST /api/v1/session", "Origin: http://127.0.0.1:1", 403)]
    [InlineData("path traversal", "GET /assets/../../appsettings.json", "Authorization: Bearer @admin", 404)]
    [InlineData("path traversal, encoded", "GET /assets/..%2f..%2fappsettings.json", "Authorization: Bearer @admin", 404)]
    [InlineData("10 MB body", "PATCH /api/v1/configuration", "Authorization: Bearer @admin|Content-Type: application/json|Content-Length: 10485760", 413)]
    [InlineData("body that is no JSON", "PATCH /api/v1/configuration", "Authorization: Bearer @admin|Content-Type: text/plain", 415)]
    [InlineData("wrong method", "DELETE /api/v1/status", "Authorization: Bearer @admin", 405)]
    public async Task Attempt_IsRefusedAndAudited(string what, string line, string headers, int status)
    {
        var before = _gateway.Events.LastId;

        var answer = await AskAsync(line, headers);

        Assert.True(answer.StartsWith($"HTTP/1.1 {status} ", StringComparison.Ordinal), $"{what}: {answer}");
        Assert.Contains("nosniff", answer, StringComparison.Ordinal);
        Assert.Contains("Content-Security-Policy: default-src 'none'", answer, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", answer, StringComparison.Ordinal);
        if (status != 404)
        {
            Assert.Contains(_gateway.Events.After(before), e => e.Kind == "access" && e.Text.Contains($"refused {line.Split(' ')[0]}", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("GET /api/v1/status", "@viewer", 200)]
    [InlineData("GET /api/v1/configuration", "@viewer", 200)]
    [InlineData("POST /api/v1/clusters/web/destinations/a/drain", "@operator", 200)]
    [InlineData("PATCH /api/v1/configuration?dryRun=true", "@admin", 200)]
    public async Task Token_MayDoWhatItsRoleMay(string line, string token, int status)
    {
        var answer = await AskAsync(line, $"Authorization: Bearer {token}|Content-Type: application/json", "{}");

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Session_LogsInAndOut_AndNeedsThePagesHeaderForChanges()
    {
        var cookie = await LogInAsync("operator", ManagedGateway.AdminPassword);

        Assert.Contains("200 OK", await AskAsync("GET /api/v1/session", $"Cookie: {cookie}"), StringComparison.Ordinal);
        Assert.Contains("403", await AskAsync("POST /api/v1/clusters/web/reset-counters", $"Cookie: {cookie}"), StringComparison.Ordinal);
        Assert.Contains("200 OK", await AskAsync(
            "POST /api/v1/clusters/web/reset-counters", $"Cookie: {cookie}|X-Gateway-Page: 1"), StringComparison.Ordinal);
        Assert.Contains("204", await AskAsync("DELETE /api/v1/session", $"Cookie: {cookie}|X-Gateway-Page: 1"), StringComparison.Ordinal);
        Assert.Contains("401", await AskAsync("GET /api/v1/session", $"Cookie: {cookie}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BruteForce_HasToWait()
    {
        await using var gateway = await ManagedGateway.StartAsync(Configuration, ManagedGateway.LoginsFor());
        for (var i = 0; i < LoginLimiter.Free; i++)
        {
            using var wrong = await PostAsync("viewer", $"guess {i}", gateway);
            Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        }

        using var slowed = await PostAsync("viewer", ManagedGateway.AdminPassword, gateway);

        Assert.Equal(HttpStatusCode.TooManyRequests, slowed.StatusCode);
        Assert.True(slowed.Headers.RetryAfter!.Delta > TimeSpan.Zero);
    }

    [Fact]
    public async Task Tls_IsServed_WithACookieForThisHostAlone()
    {
        using var folder = new TemporaryFolder();
        using var authority = new TestCertificates();
        using var certificate = authority.For("127.0.0.1");
        var (path, key) = TestCertificates.Write(certificate, folder);
        await using var gateway = await ManagedGateway.StartAsync(
            Configuration, $$""" {{ManagedGateway.LoginsFor()}}, "Certificate": { "Path": "{{path}}", "KeyPath": "{{key}}" } """);
        var seen = "";
        using var client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new()
            {
                RemoteCertificateValidationCallback = (_, shown, _, _) => (seen = shown!.GetCertHashString()).Length > 0,
            },
        });

        using var response = await client.PostAsJsonAsync(
            $"https://{gateway.EndPoint}/api/v1/session", new { user = "viewer", password = ManagedGateway.AdminPassword });

        Assert.Equal(certificate.GetCertHashString(), seen);
        Assert.Matches("^__Host-gateway-management=[0-9a-f]{64}; path=/; secure; samesite=strict; httponly$", Assert.Single(response.Headers.GetValues("Set-Cookie")));
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => client.GetAsync($"http://{gateway.EndPoint}/api/v1/session"));
    }

    [Fact]
    public async Task SlowBody_IsCutOff()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_gateway.EndPoint);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /api/v1/session HTTP/1.1\r\nHost: {_gateway.EndPoint}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"));

        var answer = await new StreamReader(stream).ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(60));

        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
    }

    private async Task<string> LogInAsync(string user, string password)
    {
        using var response = await PostAsync(user, password);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var cookie = Assert.Single(response.Headers.GetValues("Set-Cookie"));
        Assert.Contains("; path=/; samesite=strict; httponly", cookie, StringComparison.Ordinal);
        return cookie.Split(';')[0];
    }

    private Task<HttpResponseMessage> PostAsync(string user, string password, ManagedGateway? gateway = null) =>
        (gateway ?? _gateway).Api.PostAsJsonAsync("/api/v1/session", new { user, password });

    /// <summary>Sends a request as it stands, which no client library would.</summary>
    private async Task<string> AskAsync(string line, string headers, string? body = null)
    {
        foreach (var (name, token) in new[] { "@viewer", "@operator", "@admin" }.Zip(_tokens))
        {
            headers = headers.Replace(name, token, StringComparison.Ordinal);
        }

        using var client = new TcpClient();
        await client.ConnectAsync(_gateway.EndPoint);
        var stream = client.GetStream();
        var request = new StringBuilder($"{line} HTTP/1.1\r\nConnection: close\r\n");
        if (!headers.Contains("Host:", StringComparison.Ordinal))
        {
            request.Append($"Host: {_gateway.EndPoint}\r\n");
        }

        foreach (var header in headers.Split('|', StringSplitOptions.RemoveEmptyEntries))
        {
            request.Append(header).Append("\r\n");
        }

        if (!headers.Contains("Content-Length:", StringComparison.Ordinal))
        {
            request.Append($"Content-Length: {body?.Length ?? 0}\r\n");
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes(request.Append("\r\n").Append(body).ToString()));
        try
        {
            return await new StreamReader(stream).ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30));
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }
}
