using System.Globalization;
using System.Net;
using Gateway.Tests.Support;

namespace Gateway.Tests.Import;

/// <summary>What another load balancer refuses or answers itself, imported and asked for: it must not reach a server.</summary>
public class ImportedRefusalTests
{
    [Theory]
    [InlineData("/", "shop.example", 200)]
    [InlineData("/admin", "shop.example", 403)]
    [InlineData("/administrator/x", "shop.example", 403)]
    [InlineData("/adm", "shop.example", 200)]
    [InlineData("/ad/min", "shop.example", 410)]
    [InlineData("/admin", "unknown.example", 403)]
    [InlineData("/internal/x", "shop.example", 404)]
    [InlineData("/closed/x", "shop.example", 403)]
    [InlineData("/files/x", "shop.example", 404)]
    [InlineData("/", "third.example", 302)]
    [InlineData("/admin", "fourth.example", 404)]
    [InlineData("/", "other.example", 404)]
    [InlineData("/api/x", "other.example", 200)]
    [InlineData("//admin", "shop.example", 403)]
    [InlineData("/%2Fadmin", "shop.example", 403)]
    [InlineData("/%2f%2Fadministrator//x", "shop.example", 403)]
    [InlineData("/x/..//admin", "shop.example", 403)]
    [InlineData("/x%2F../admin", "shop.example", 200)]
    [InlineData("/%61dmin", "shop.example", 403)]
    [InlineData("//adm", "shop.example", 200)]
    [InlineData("/ad//min", "shop.example", 410)]
    [InlineData("/ad%2Fmin", "shop.example", 410)]
    [InlineData("/ad", "shop.example", 410)]
    [InlineData("/adx", "shop.example", 200)]
    [InlineData("//internal%2Fx", "shop.example", 404)]
    [InlineData("/closed%2F", "shop.example", 403)]
    [InlineData("//one", "shop.example", 403)]
    [InlineData("//one//", "shop.example", 403)]
    [InlineData("/one/more", "shop.example", 200)]
    [InlineData("//s(1)//a=b", "shop.example", 403)]
    [InlineData("/s(1)/a=bc", "shop.example", 403)]
    [InlineData("//", "root.example", 403)]
    [InlineData("/", "root.example", 403)]
    [InlineData("/x", "root.example", 200)]
    public async Task Nginx_Refused_DoesNotReachAServer(string path, string host, int status)
    {
        await using var app = await HttpDestination.StartAsync("app");
        await AssertAnswersAsync("nginx", $$"""
            http {
              upstream app { server 127.0.0.1:{{app.Port}}; }
              server {
                listen PORT; server_name shop.example;
                location / { proxy_pass http://app; }
                location /ad/ { return 410; }
                location /admin { return 403; }
                location /internal { internal; proxy_pass http://app; }
                location /closed/ { deny all; proxy_pass http://app; }
                location /files/ { root /srv; }
                location = /one { deny all; }
                location /s(1)/a=b { return 403; }
              }
              server { listen PORT; server_name root.example; location = / { return 403; } location / { proxy_pass http://app; } }
              server { listen PORT; server_name third.example; return 301 https://elsewhere.example/; }
              server { listen PORT; server_name fourth.example; return 301 https://$host$request_uri; }
              server { listen PORT; server_name other.example; location /api/ { proxy_pass http://app; } }
            }
            """, app, path, host, status);
    }

    /// <summary>The default server is the one that says so, wherever it stands, and exact names come before those with a star.</summary>
    [Theory]
    [InlineData("shop.example", 200)]
    [InlineData("unknown.example", 403)]
    [InlineData("www.star.example", 410)]
    [InlineData("exact.star.example", 403)]
    public async Task Nginx_DefaultServer_HasWhatNobodyElseHas(string host, int status)
    {
        await using var app = await HttpDestination.StartAsync("app");
        await AssertAnswersAsync("nginx", $$"""
            http {
              server { listen PORT; server_name shop.example; location / { proxy_pass http://127.0.0.1:{{app.Port}}; } }
              server { listen PORT; server_name *.star.example; return 410; }
              server { listen PORT default_server; server_name exact.star.example; location / { return 403; } }
            }
            """, app, "/", host, status);
    }

    [Theory]
    [InlineData("/", "a.example", 200)]
    [InlineData("/administrator", "a.example", 403)]
    [InlineData("/private/x", "a.example", 451)]
    [InlineData("/private/x", "b.example", 200)]
    [InlineData("/old", "a.example", 302)]
    [InlineData("/s/deep", "a.example", 403)]
    [InlineData("/s/shallow", "a.example", 200)]
    [InlineData("/gone", "a.example", 503)]
    public async Task Haproxy_Refused_DoesNotReachAServer(string path, string host, int status)
    {
        await using var app = await HttpDestination.StartAsync("app");
        await AssertAnswersAsync("haproxy", $$"""
            defaults
              mode http
            frontend f
              bind 127.0.0.1:PORT
              acl private path_beg /private
              http-request return status 403 if { path_beg /admin }
              http-request deny deny_status 451 if private { hdr(host) -i a.example }
              http-request redirect location https://new.example/ if { path /old }
              use_backend s if { path_beg /s/ }
              use_backend gone if { path /gone }
              default_backend s
            backend s
              http-request deny if { path /s/deep }
              server a 127.0.0.1:{{app.Port}}
            backend gone
              disabled
              server a 127.0.0.1:{{app.Port}}
            """, app, path, host, status);
    }

    /// <summary>Imports the file with a free port, and asks for a path of a host.</summary>
    private static async Task AssertAnswersAsync(string format, string file, HttpDestination app, string path, string host, int status)
    {
        var port = FreePort.On(IPAddress.Any).ToString(CultureInfo.InvariantCulture);
        var configuration = ImportCases.Import(file.Replace("PORT", port, StringComparison.Ordinal), format, "refused").Configuration;
        await using var gateway = await RunningGateway.StartAsync(configuration);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, AsWritten($"http://127.0.0.1:{port}{path}")) { Headers = { Host = host } };

        using var answer = await client.SendAsync(request);

        Assert.Equal((status, status == 200 ? 1 : 0), ((int)answer.StatusCode, app.Requests));
    }

    /// <summary>The address with dots and slashes where the test has them.</summary>
    private static Uri AsWritten(string address) => new(address, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
}
