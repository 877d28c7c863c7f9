using System.Net;
using Gateway.Configuration;
using Gateway.Tests.Support;

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

    private static async Task AssertBrokenAsync(ManagedGateway gateway)
    {
        var configuration = (await gateway.GetAsync("status"))["configuration"]!;
        Assert.Equal("invalid", (string)configuration["lastResult"]!);
        Assert.Contains(configuration["lastErrors"]!.AsArray(), error => (string)error!["key"]! == "ReverseProxy:Clusters:web:Destinations:a:Address");
        Assert.Equal(gateway.Gateway.Reloader.Status.Revision, (string)configuration["revision"]!);
    }
}
