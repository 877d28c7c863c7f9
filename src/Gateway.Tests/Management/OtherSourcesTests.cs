using System.Collections;
using System.Net;
using Gateway.Configuration;
using Gateway.Management.Access;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Management;

/// <summary>Changes by the API beside what the file and the environment say meanwhile.</summary>
[Collection("SIGHUP")] // It reaches every Gateway of the process.
public class OtherSourcesTests
{
    private const string Weight = """{ "ReverseProxy": { "Clusters": { "web": { "Destinations": { "a": { "Weight": 5 } } } } } }""";

    private const string Configuration = """
        {
          "ReverseProxy": { "Clusters": { "web": { "Destinations": { "a": { "Address": "tcp://127.0.0.1:9" } } } } }
        }
        """;

    [Theory]
    [InlineData("")]
    [InlineData("?confirm=01:00:00")]
    public async Task BrokenFile_IsToldUntilItIsMended_WhateverTheApiChanges(string query)
    {
        await using var gateway = await ManagedGateway.StartAsync(Configuration);
        await gateway.Gateway.WriteAsync(Configuration.Replace("tcp:", "tcp;", StringComparison.Ordinal));
        await Eventually.TrueAsync(() => gateway.Gateway.Reloader.Status.LastResult == ReloadResult.Invalid, "the file is refused");

        var (status, _) = await gateway.SendAsync(HttpMethod.Patch, $"configuration{query}", Weight);
        Assert.Equal(HttpStatusCode.OK, status);
        await AssertBrokenAsync(gateway);
        if (query.Length > 0)
        {
            await gateway.PostAsync("configuration/rollback");
            await AssertBrokenAsync(gateway);
        }

        await gateway.ReloadAsync(Configuration);
        var configuration = (await gateway.GetAsync("status"))["configuration"]!;
        Assert.Equal("applied", (string)configuration["lastResult"]!);
        Assert.Empty(configuration["lastErrors"]!.AsArray());
    }

    [Theory]
    [InlineData("PATCH", "configuration", """{ "VirtualServers": { "web": { "Listen": [ "127.0.0.1:1", "127.0.0.1:2" ] } } }""", "VirtualServers__web__Listen__0=127.0.0.1:0", "VirtualServers:web:Listen:0")]
    [InlineData("PUT", "configuration/virtual-servers/web", """{ "Listen": "127.0.0.1:1", "ClusterId": "web" }""", "VirtualServers__web__Listen__0=127.0.0.1:0", "VirtualServers:web:Listen:0")]
    [InlineData("DELETE", "configuration/clusters/spare", "", "ReverseProxy__Clusters__spare__LoadBalancingPolicy=rr", "ReverseProxy:Clusters:spare:LoadBalancingPolicy")]
    [InlineData("PATCH", "configuration", """{ "ReverseProxy": { "Clusters": { "spare": { "LoadBalancingPolicy": "wrr" } } } }""", "ReverseProxy__Clusters__spare__LoadBalancingPolicy=rr", "ReverseProxy:Clusters:spare:LoadBalancingPolicy")]
    [InlineData("PATCH", "configuration", """{ "Management": { "Folder": "elsewhere" } }""", "", "Management:Folder")]
    public async Task Change_OfWhatIsSetElsewhere_IsRefusedWithTheKey(string method, string path, string body, string variable, string key)
    {
        var json = Configuration.Insert(1, """ "VirtualServers": { "web": { "Listen": "127.0.0.1:0", "ClusterId": "web" } }, """)
            .Replace("\"web\": { \"Destinations\"", "\"spare\": {}, \"web\": { \"Destinations\"", StringComparison.Ordinal);
        await using var gateway = await ManagedGateway.StartAsync(json, environment: Variable(variable));

        var (status, problem) = await gateway.SendAsync(new HttpMethod(method), path, body);

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Equal([key], problem!["errors"]!.AsArray().Select(error => (string)error!["key"]!));
        Assert.Equal(1, gateway.Gateway.Reloader.Status.Successes);
    }

    [Theory]
    [InlineData("PATCH", "configuration", """{ "ReverseProxy": { "Clusters": { "web": { "LoadBalancingPolicy": "wrr" } } } }""", "ReverseProxy__Clusters__web__Destinations__a__Weight=3")]
    [InlineData("DELETE", "configuration/clusters/spare", "", "ReverseProxy__Clusters__web__LoadBalancingPolicy=rr")]
    public async Task Change_BesideWhatIsSetElsewhere_IsInForce(string method, string path, string body, string variable)
    {
        await using var gateway = await ManagedGateway.StartAsync(
            Configuration.Replace("\"web\": { \"Destinations\"", "\"spare\": {}, \"web\": { \"Destinations\"", StringComparison.Ordinal),
            environment: Variable(variable));

        var (status, _) = await gateway.SendAsync(new HttpMethod(method), path, body);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(2, gateway.Gateway.Reloader.Status.Successes);
    }

    /// <summary>The password of the environment counts only while there is no other: it overrules nobody.</summary>
    [Fact]
    public async Task Administrator_OfTheFile_GivesWayToThatOfTheEnvironmentWhenRemoved()
    {
        var token = Logins.NewToken("ci");
        await using var gateway = await ManagedGateway.StartAsync(
            Configuration,
            $$""" "Users": { "admin": { "Password": "{{Logins.Hash("admin", ManagedGateway.AdminPassword)}}", "Role": "admin" } }, "Tokens": { "ci": { "Secret": "{{Logins.Hash("ci", token)}}", "Role": "admin" } } """,
            Variable($"{AdminPassword.Variable}=another horse"));
        using var client = gateway.Client(token);
        using var request = new HttpRequestMessage(HttpMethod.Patch, "api/v1/configuration")
        {
            Content = new StringContent("""{ "Management": { "Users": { "admin": null } } }""", System.Text.Encoding.UTF8, "application/json"),
        };

        using var response = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.True(gateway.Gateway.Services.GetRequiredService<ConfigurationInForce>().Current is var current
            && new Logins(current).IsPassword("admin", "another horse"));
    }

    [Fact]
    public void Folder_AmongTheChanges_IsWarnedOfAndLeftAsTheFileHasIt()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "appsettings.json");
        File.WriteAllText(file, """{ "Management": { "Folder": "here" } }""");
        var overlay = Overlay.FileFor(file, "here");
        Directory.CreateDirectory(Path.GetDirectoryName(overlay)!);
        File.WriteAllText(overlay, """{ "ShutdownTimeout": "00:00:07", "Management": { "Folder": "there" } }""");

        var configuration = new ConfigurationLoader().Load(file).Configuration!;

        Assert.Equal(("here", "00:00:07"), (configuration.Root["Management:Folder"], configuration.Root["ShutdownTimeout"]));
        Assert.Empty(configuration.Overlaid);
        Assert.Equal(overlay, Assert.Single(configuration.Warnings, warning => warning.Key == "Management:Folder").Origin!.Value.Source);
    }

    private static Hashtable Variable(string pair) => pair.Split('=', 2) is [var name, var value] ? new() { [name] = value } : [];

    private static async Task AssertBrokenAsync(ManagedGateway gateway)
    {
        var configuration = (await gateway.GetAsync("status"))["configuration"]!;
        Assert.Equal("invalid", (string)configuration["lastResult"]!);
        Assert.Contains(configuration["lastErrors"]!.AsArray(), error => (string)error!["key"]! == "ReverseProxy:Clusters:web:Destinations:a:Address");
        Assert.Equal(gateway.Gateway.Reloader.Status.Revision, (string)configuration["revision"]!);
    }
}
