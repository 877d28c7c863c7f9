using System.Text;
using Gateway.Configuration;
using Gateway.Tests.Support;

namespace Gateway.Tests.Configuration;

/// <summary>What is allowed and yet probably not meant.</summary>
public class WarningsTests
{
    private const string Web = "ReverseProxy:Clusters:web";

    [Theory]
    [InlineData("rr", "Key", "\"host\"", "has no effect on the scheduler rr")]
    [InlineData("RoundRobin", "BoundedLoad", "1.25", "has no effect on the scheduler rr")]
    [InlineData("sh", "BoundedLoad", "1.25", "has no effect on the scheduler sh")]
    [InlineData("mh", "MaxKeys", "5", "has no effect on the scheduler mh")]
    [InlineData("mh", "TableBits", "5", "has no effect on the scheduler mh")]
    [InlineData("lblc", "Fallback", "true", "has no effect on the scheduler lblc")]
    [InlineData("mh", "BoundedLoad", "1.25", null)]
    [InlineData("sh", "Key", "\"host\"", null)]
    [InlineData("lblcr", "Expiration", "\"00:01:00\"", null)]
    [InlineData("rr", "Order", "\"NewestFirst\"", null)]
    public void KeyThatTheSchedulerDoesNotLookAt_IsWarnedOf(string policy, string key, string value, string? rule) => Expect(
        new ConfigurationText().With($"{Web}:LoadBalancingPolicy", $"\"{policy}\"").With($"{Web}:Scheduler:{key}", value),
        $"{Web}:Scheduler:{key}", rule);

    [Theory]
    [InlineData("\"Weight\": 0", "has weight 0 throughout")]
    [InlineData("\"Backup\": true", "names backups only")]
    [InlineData("\"Weight\": 1", null)]
    public void ClusterThatServesNobody_IsWarnedOf(string destination, string? rule) => Expect(
        new ConfigurationText().With($"{Web}:Destinations:a", $$"""{ "Address": "http://10.0.0.1:80", {{destination}} }"""),
        $"{Web}:Destinations", rule);

    [Fact]
    public void WeightZero_ThatAnAgentChanges_IsNotWarnedOf() => Expect(
        new ConfigurationText().With($"{Web}:Destinations:a:Weight", "0").With($"{Web}:Probe", """{ "Kind": "agent", "Port": 9 }"""),
        $"{Web}:Destinations", null);

    [Theory]
    [InlineData("IdleTimeout", "\"00:01:00\"")]
    [InlineData("HalfClosedTimeout", "\"00:01:00\"")]
    [InlineData("KeepAlive", "\"00:01:00\"")]
    public void TimeoutOfConnections_OnUdp_IsWarnedOf(string key, string value) => Expect(
        Udp("udp").With($"VirtualServers:smtp:{key}", value), $"VirtualServers:smtp:{key}",
        "has no effect: it is for TCP, and this virtual server is UDP");

    [Theory]
    [InlineData("udp", null)]
    [InlineData("tcp", "leads UDP to destination 'm1', tcp://10.0.0.5:25/")]
    [InlineData("http", "leads UDP to destination 'm1', http://10.0.0.5:25/")]
    public void AddressesOfStreams_OnUdp_AreWarnedOf(string scheme, string? rule) =>
        Expect(Udp(scheme), "VirtualServers:smtp:ClusterId", rule);

    [Fact]
    public void AddressesOfStreams_OfAClusterThatServesTcpToo_AreNotWarnedOf() => Expect(
        Udp("tcp").With("VirtualServers:tcp", """{ "Listen": "0.0.0.0:25", "ClusterId": "mail" }"""), "VirtualServers:smtp:ClusterId", null);

    [Theory]
    [InlineData("{", "is not valid JSON: a section or a list is not closed")]
    [InlineData("", "is not valid JSON: it is empty")]
    [InlineData("{ \"Http\": { \"Loops\": true } }", "Http:Loops: 'true' is not")]
    [InlineData("{ \"VirtualServers\": { \"a\": { \"ClusterId\": \"nobody\" } } }", "VirtualServers:a:ClusterId: 'nobody' is no cluster")]
    [InlineData("{ \"Hooks\": { \"a\": { \"Url\": \"http://a\", \"Clusters\": [ \"web\" ] } } }", "is no cluster. Add it under ReverseProxy:Clusters")]
    public void Error_IsInWordsOfTheFile(string json, string words)
    {
        var errors = string.Join('\n', new ConfigurationLoader().Load(Encoding.UTF8.GetBytes(json), "test.json").Errors);

        Assert.Contains(words, errors, StringComparison.Ordinal);
        Assert.DoesNotContain("isFinalBlock", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ \"a\": \"")]
    [InlineData("{ \"a\": tru")]
    [InlineData("{ \"a\": /* ")]
    [InlineData("{ \"a\": [ 1, ")]
    [InlineData("{ \"a\": 1.")]
    public void Error_OfSyntax_NamesNothingOfTheReader(string json)
    {
        var error = Assert.Single(new ConfigurationLoader().Load(Encoding.UTF8.GetBytes(json), "test.json").Errors);

        Assert.DoesNotContain("isFinalBlock", error.ToString(), StringComparison.Ordinal);
    }

    private static ConfigurationText Udp(string scheme) => new ConfigurationText()
        .With("VirtualServers:smtp:Protocol", "\"udp\"")
        .With("ReverseProxy:Clusters:mail:Destinations:m1:Address", $"\"{scheme}://10.0.0.5:25\"");

    private static void Expect(ConfigurationText text, string key, string? rule)
    {
        var result = text.Load();
        Assert.Empty(result.Errors);
        if (rule is null)
        {
            Assert.DoesNotContain(result.Configuration!.Warnings, warning => warning.Key == key);
        }
        else
        {
            Assert.Equal(rule, Assert.Single(result.Configuration!.Warnings, warning => warning.Key == key).Rule);
        }
    }
}
