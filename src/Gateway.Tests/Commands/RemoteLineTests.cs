using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Gateway.Tests.Simulation;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Commands;

/// <summary>The commands that ask a running Gateway and change nothing: exit codes, JSON, and what eighty columns show.</summary>
public sealed class RemoteLineTests(ConsoleRig rig) : IClassFixture<ConsoleRig>
{
    [Fact]
    public async Task Show_Cluster_FitsEightyColumns()
    {
        var (exit, output, _) = await rig.RunAsync("show mail");

        Assert.Equal(0, exit);
        Assert.DoesNotContain(output.Split('\n'), line => line.TrimEnd().Length > 80);
        Repository.AssertFile("src/Gateway.Tests/Golden/Console/show-mail.txt", output);
    }

    [Fact]
    public async Task Show_Clusters_Golden() =>
        Repository.AssertFile("src/Gateway.Tests/Golden/Console/show.txt", (await rig.RunAsync("show")).Output);

    [Fact]
    public async Task Explain_Cluster_Golden() =>
        Repository.AssertFile("src/Gateway.Tests/Golden/Console/explain.txt", (await rig.RunAsync("explain mail --client 192.0.2.1")).Output);

    [Theory]
    [InlineData("show ", "mail")]
    [InlineData("show x", "")]
    [InlineData("weight m", "mail/")]
    [InlineData("weight mail/m", "mail/m1 mail/m2")]
    [InlineData("weight mail/m1 ", "")]
    [InlineData("drain --dry-run mail/s", "mail/sorry")]
    [InlineData("drain m", "mail mail/")]
    [InlineData("up nowhere/", "")]
    public void Prompt_CompletesATarget_WithWhatTheRunningGatewayHas(string typed, string names) =>
        Assert.Equal(names, string.Join(' ', rig.Complete(typed)));

    [Theory]
    [InlineData("show ma", "mail")]
    [InlineData("weight mail/m", "mail/m1 mail/m2")]
    public void Shell_CompletesATarget_WithWhatTheRunningGatewayHas(string typed, string names) =>
        Assert.Equal(names, string.Join(' ', rig.Suggest(typed)));

    [Theory]
    [InlineData("status", "version node ready clusters destinations configuration")]
    [InlineData("show mail", "id scheduler destinations")]
    [InlineData("explain mail", "chosen rule candidates")]
    [InlineData("connections", "count connections")]
    [InlineData("drain mail/m1 --why kernel --dry-run", "dryRun effect shares")]
    [InlineData("weight mail/m1 5 --dry-run", "dryRun effect shares")]
    [InlineData("config show", "ReverseProxy VirtualServers")]
    public async Task Json_HasTheKeysOfTheApi(string command, string keys)
    {
        var (exit, output, errors) = await rig.RunAsync(command + " --json");

        Assert.True(exit == 0, errors);
        var answer = Assert.IsType<JsonObject>(JsonNode.Parse(output));
        Assert.All(keys.Split(' '), key => Assert.True(answer.ContainsKey(key), $"{key} is not in {output}"));
    }

    [Fact]
    public async Task Events_OfARefusedRequestWithControlCharacters_ShowsThemAsCodePoints()
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{rig.Url}/api/v1/status%1b%5d0;owned%07%0anext");
        request.Headers.Host = "elsewhere.example";
        using var response = await client.SendAsync(request);
        Assert.False(response.IsSuccessStatusCode);

        var (exit, output, _) = await rig.RunAsync("events", columns: 400);

        Assert.Equal(0, exit);
        Assert.Contains("""/api/v1/status\u001b]0;owned\u0007\u000anext""", output, StringComparison.Ordinal);
        Assert.DoesNotContain(output, character => char.IsControl(character) && character != '\n');
    }

    [Theory]
    [InlineData("{}", 200)]
    [InlineData("[1]", 200)]
    [InlineData("\"ok\"", 200)]
    [InlineData("[1]", 404)]
    [InlineData("{}", 404)]
    [InlineData("<html>", 502)]
    public async Task Answer_OfAnotherService_IsToldToBeNoGateway(string body, int status)
    {
        await using var other = await StartAsync(body, status);

        var (exit, output, errors) = await rig.RunAsync($"status --url {other.Urls.First()}");

        Assert.Equal((1, ""), (exit, output));
        Assert.Contains("is no Gateway, or not its management listener", errors, StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task Answer_OfACertificateThatIsNotTrusted_IsToldAsThat()
    {
        using var certificates = new TestCertificates();
        using var certificate = certificates.For("127.0.0.1");
        await using var other = await StartAsync("{}", 200, certificate);

        var (exit, _, errors) = await rig.RunAsync($"status --url {other.Urls.First()}");

        Assert.Equal(1, exit);
        Assert.StartsWith($"The certificate of {other.Urls.First()}/ is not trusted: ", errors, StringComparison.Ordinal);
        Assert.Contains("SSL_CERT_FILE", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "ShutdownTimeout": "00:00:05", "shutdownTimeout": "00:00:06" }""", "shutdownTimeout")]
    [InlineData("""{ "ReverseProxy": { "Clusters": { "a": {}, "a": {} } } }""", "ReverseProxy:Clusters:a")]
    [InlineData("[]", "is not a JSON object")]
    [InlineData("{ x", "is not valid JSON")]
    public async Task ConfigDiff_OfAFileThatCannotBeRead_TellsTheKeyAndThePlace(string json, string key)
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "next.json");
        await File.WriteAllTextAsync(file, json);

        var (exit, _, errors) = await rig.RunAsync($"config diff {file}");

        Assert.Equal(1, exit);
        Assert.Contains(key, errors, StringComparison.Ordinal);
        Assert.Contains(file, errors, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> StartAsync(string body, int status, X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listener =>
        {
            if (certificate is not null)
            {
                listener.UseHttps(certificate);
            }
        }));
        var app = builder.Build();
        app.Run(context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync(body);
        });
        await app.StartAsync();
        return app;
    }

    [Theory]
    [InlineData("show nowhere", 1, "nowhere")]
    [InlineData("drain mail/nowhere", 1, "nowhere")]
    [InlineData("drain nowhere", 1, "no cluster 'nowhere'")]
    [InlineData("drain", 2, "--node")]
    [InlineData("drain mail --node", 2, "one of them")]
    [InlineData("drain mail --for 00:01:00", 2, "is a cluster")]
    [InlineData("drain mail/m1 --for 00:01:00 --wait", 2, "leave out")]
    [InlineData("drains cancel d99", 1, "no drain 'd99'")]
    [InlineData("maintenance mail", 2, "CLUSTER/DESTINATION")]
    [InlineData("up m1/", 2, "CLUSTER/DESTINATION")]
    [InlineData("weight mail/m1 heavy", 2, "no weight")]
    [InlineData("weight mail/m1 70000", 2, "no weight")]
    [InlineData("config", 2, "command")]
    [InlineData("config aply x", 2, "Did you mean 'apply'?")]
    [InlineData("showw", 2, "'showw' is no command. Did you mean 'show'?")]
    [InlineData("config apply /no/such/file", 1, "/no/such/file")]
    [InlineData("config confirm", 1, "")]
    [InlineData("status --url ftp://x", 2, "ftp://x")]
    [InlineData("status --url http://127.0.0.1:1", 1, "No Gateway answers")]
    public async Task Wrong_ExitCodeIsNotZeroAndTheReasonIsTold(string command, int code, string why)
    {
        var (exit, output, errors) = await rig.RunAsync(command);

        Assert.Equal((code, ""), (exit, output));
        Assert.Contains(why, errors, StringComparison.Ordinal);
        Assert.NotEqual("", errors);
    }
}
