using System.Net;
using Gateway.Clusters;
using Gateway.Configuration;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Hosting;

/// <summary>What one part refuses at a reload is in force in none.</summary>
public class ConfigurationApplierTests
{
    [Fact]
    public async Task Reload_SettingThatAPartCannotRead_IsRefusedAndNothingOfItStays()
    {
        await using var gateway = await RunningGateway.StartAsync(Configuration("a", """{ "LogLevel": { "Default": "Warning" } }"""));

        await gateway.WriteAsync(Configuration("b", """{ "Console": { "FormatterOptions": { "IncludeScopes": "abc" } } }"""));
        await Eventually.TrueAsync(() => gateway.Reloader.Status.Failures == 1, "the file is refused");

        Assert.Equal(ReloadResult.Refused, gateway.Reloader.Status.LastResult);
        Assert.Contains("'abc'", Assert.Single(gateway.Reloader.Status.LastErrors).ToString(), StringComparison.Ordinal);
        Assert.Equal(["a"], Destinations(gateway));
        await gateway.ReloadAsync(Configuration("c", """{ "LogLevel": { "Default": "Warning" } }"""));
        Assert.Equal(["c"], Destinations(gateway));
    }

    [Fact]
    public async Task Reload_SubscriberThatThrows_IsRefusedAndTheOldClustersAreBack()
    {
        await using var gateway = await RunningGateway.StartAsync(Configuration("a", "{}"));
        Snapshot? latest = null;
        gateway.Store.Subscribe(snapshot =>
        {
            if (snapshot.Clusters[0].Find("b") is not null)
            {
                throw new InvalidOperationException("There is no room for b.");
            }
        });
        gateway.Store.Subscribe(snapshot => latest = snapshot);

        await gateway.WriteAsync(Configuration("b", "{}"));
        await Eventually.TrueAsync(() => gateway.Reloader.Status.Failures == 1, "the file is refused");

        Assert.Contains("There is no room for b", Assert.Single(gateway.Reloader.Status.LastErrors).ToString(), StringComparison.Ordinal);
        Assert.Equal(["a"], Destinations(gateway));
        Assert.Same(gateway.Store.Current, latest);
    }

    /// <summary>The check knows such a host; this is about what no check foresees.</summary>
    [Fact]
    public async Task Reload_RouteThatRoutingCannotRead_IsRefusedAndSoIsWhatFollows()
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await RunningGateway.StartAsync(Routed(destination.Address, "localhost"), isYarpAsked: false);
        // The first request that no plain route serves has routing build its tables.
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(gateway, "nobody.example"));

        await gateway.WriteAsync(Routed(destination.Address, "[::1]"));
        await Eventually.TrueAsync(() => gateway.Reloader.Status.Failures == 1, "the file is refused");

        Assert.Equal(ReloadResult.Refused, gateway.Reloader.Status.LastResult);
        Assert.Contains("Could not parse host: [::1]", Assert.Single(gateway.Reloader.Status.LastErrors).ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(gateway));

        // ASP.NET Core's routing has stopped to listen: to say that another set is in force would be wrong.
        await gateway.WriteAsync(Routed(destination.Address, "other.example"));
        await Eventually.TrueAsync(() => gateway.Reloader.Status.Failures == 2, "the file is refused");
        Assert.Contains("restart", Assert.Single(gateway.Reloader.Status.LastErrors).Remedy, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(gateway));
    }

    [Fact]
    public async Task Reload_RoutesOfAClusterWithDestinations_IsAppliedWhenRequestsFollowIt()
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await RunningGateway.StartAsync(Routed(destination.Address, "localhost"));

        for (var i = 0; i < 10; i++)
        {
            await gateway.ReloadAsync(Routed(destination.Address, "other.example"));
            Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(gateway));
            await gateway.ReloadAsync(Routed(destination.Address, "localhost"));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(gateway));
        }
    }

    /// <summary>The check has seen the certificate; Kestrel would tell its log alone that it is gone.</summary>
    [Fact]
    public async Task Reload_CertificateThatIsGoneAfterTheCheck_IsRefusedByAll()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        using var certificate = certificates.For("localhost");
        var (path, key) = TestCertificates.Write(certificate, folder);
        await using var gateway = await RunningGateway.StartAsync(Configuration("a", "{}"));
        var file = Path.Combine(folder.Path, "appsettings.json");
        await File.WriteAllTextAsync(file, Configuration("b", $$"""
            {}, "Kestrel": { "Endpoints": { "Https": { "Url": "https://127.0.0.1:0", "Certificate": { "Path": "{{path}}", "KeyPath": "{{key}}" } } } }
            """));
        var next = new ConfigurationLoader().Load(file).Configuration!;
        File.Delete(key);

        var refusals = await gateway.Services.GetRequiredService<ConfigurationInForce>().ReplaceAsync(next, CancellationToken.None);

        var refusal = Assert.Single(refusals);
        Assert.Equal("Kestrel", refusal.Key);
        Assert.Contains("key.pem", refusal.Rule, StringComparison.Ordinal);
        Assert.Equal(["a"], Destinations(gateway));
    }

    private static async Task<HttpStatusCode> StatusAsync(RunningGateway gateway, string host = "localhost")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { Host = host } };
        using var response = await gateway.Client.SendAsync(request);
        return response.StatusCode;
    }

    private static string Routed(string destination, string host) => $$"""
        {
          "ReverseProxy": {
            "Routes": { "web": { "ClusterId": "web", "Match": { "Hosts": [ "{{host}}" ] } } },
            "Clusters": { "web": { "Destinations": { "a": { "Address": "{{destination}}" } } } }
          }
        }
        """;

    private static IEnumerable<string> Destinations(RunningGateway gateway) =>
        gateway.Store.Current.Clusters[0].Destinations.Select(destination => destination.Id);

    private static string Configuration(string destination, string logging) => $$"""
        {
          "Logging": {{logging}},
          "ReverseProxy": {
            "Routes": { "web": { "ClusterId": "web", "Match": { "Path": "{**rest}" } } },
            "Clusters": { "web": { "Destinations": { "{{destination}}": { "Address": "http://127.0.0.1:9" } } } }
          }
        }
        """;
}
