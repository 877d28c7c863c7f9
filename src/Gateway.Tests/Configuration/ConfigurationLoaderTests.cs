using System.Collections;
using System.Text;
using Gateway.Configuration;

namespace Gateway.Tests.Configuration;

public class ConfigurationLoaderTests
{
    private const string Sample = """
        {
          // comments are allowed, and trailing commas too
          "ReverseProxy": {
            "Routes": { "web": { "ClusterId": "web", "Match": { "Path": "{**rest}" }, } },
            "Clusters": {
              "web": {
                "LoadBalancingPolicy": "RR",
                "Destinations": {
                  "zebra": { "Address": "http://10.0.0.1", "Weight": 3 },
                  "ape": { "Address": "http://[2001:db8::2]:8080", "Weight": "0", "Backup": true },
                  "mole": { "Address": "http://host.example:81/base/" }
                }
              }
            }
          },
        }
        """;

    [Fact]
    public void Load_Destinations_KeepTheOrderOfTheFile()
    {
        var cluster = Load(Sample).Clusters.Single();

        Assert.Equal(["zebra", "ape", "mole"], cluster.Destinations.Select(d => d.Id));
        Assert.Equal([3, 0, 1], cluster.Destinations.Select(d => d.Weight));
        Assert.Equal([80, 8080, 81], cluster.Destinations.Select(d => d.Address.Port));
        Assert.Equal("rr", cluster.Scheduler.Name);
    }

    [Fact]
    public void Load_Overrides_ReplaceInPlaceAndAppendInNameOrder()
    {
        var environment = new Hashtable
        {
            ["ReverseProxy__Clusters__web__Destinations__yak__Address"] = "http://10.0.0.9",
            ["ReverseProxy__Clusters__web__Destinations__bee__Address"] = "http://10.0.0.8",
            ["REVERSEPROXY__CLUSTERS__WEB__DESTINATIONS__APE__WEIGHT"] = "7",
            ["ReverseProxy__Clusters__web__Destinations__zebra__Weight"] = "8",
            ["PATH"] = "/bin",
        };
        var loader = new ConfigurationLoader(environment, ["--ReverseProxy:Clusters:web:Destinations:zebra:Weight=9"]);

        var cluster = loader.Load(Encoding.UTF8.GetBytes(Sample), "test.json").Configuration!.Clusters.Single();

        Assert.Equal("zebra 9, ape 7, mole 1, bee 1, yak 1", string.Join(", ", cluster.Destinations.Select(d => $"{d.Id} {d.Weight}")));
    }

    private static LoadedConfiguration Load(string json)
    {
        var result = new ConfigurationLoader().Load(Encoding.UTF8.GetBytes(json), "test.json");
        Assert.Equal("", string.Join("\n", result.Errors));
        return result.Configuration!;
    }
}
