using Gateway.Clusters;
using Gateway.Configuration;
using Gateway.Tests.Support;

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
