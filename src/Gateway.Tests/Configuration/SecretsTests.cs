using System.Text.Json.Nodes;
using Gateway.Configuration;

namespace Gateway.Tests.Configuration;

public class SecretsTests
{
    [Theory]
    [InlineData("Hooks:pager:Url", true)]
    [InlineData("hooks:pager:headers:Authorization", true)]
    [InlineData("Hooks:pager:Command:0", false)]
    [InlineData("ReverseProxy:Clusters:web:Probe:Headers:Authorization", true)]
    [InlineData("ReverseProxy:Clusters:web:Probes:1:Headers:Authorization", true)]
    [InlineData("ReverseProxy:Clusters:web:Probe:Path", false)]
    [InlineData("ReverseProxy:Routes:all:Match:Headers:0:Name", false)]
    [InlineData("VirtualServers:smtp:Tls:Password", true)]
    [InlineData("VirtualServers:smtp:Tls:KeyPath", false)]
    [InlineData("Kestrel:Certificates:Default:Password", true)]
    [InlineData("Kestrel:Endpoints:https:Certificate:Password", true)]
    [InlineData("Kestrel:Endpoints:https:Sni:a.example:Certificate:Password", true)]
    [InlineData("Management:Certificate:Password", true)]
    [InlineData("Management:Users:anna:Password", true)]
    [InlineData("Management:Users:anna:Role", false)]
    [InlineData("Management:Tokens:ci:Secret", true)]
    [InlineData("Telemetry:Otlp:Headers", true)]
    [InlineData("Nothing:Like:This", false)]
    public void IsAt_Path_IsWhatTheSchemaSays(string path, bool isSecret) => Assert.Equal(isSecret, Secrets.IsAt(path));

    [Theory]
    [InlineData("ReverseProxy:Routes:web:Transforms:0:Set", true)]
    [InlineData("ReverseProxy:Routes:web:Transforms:0:Append", true)]
    [InlineData("ReverseProxy:Routes:web:Transforms:0:RequestHeader", false)]
    [InlineData("ReverseProxy:Clusters:web:Probe:Send", true)]
    [InlineData("ReverseProxy:Clusters:web:Probes:0:SendHex", true)]
    [InlineData("ReverseProxy:Clusters:web:Probe:Steps:1:Send", true)]
    [InlineData("ReverseProxy:Clusters:web:Probe:Steps:1:Expect", false)]
    [InlineData("ReverseProxy:Clusters:web:Probe:Command:2", true)]
    [InlineData("Hooks:firewall:Command:0", true)]
    public void IsAt_WhatMayHoldASecret_IsForAdmins(string path, bool isForAdmins) =>
        Assert.Equal((isForAdmins, false), (Secrets.IsAt(path, forAdmin: false), Secrets.IsAt(path, forAdmin: true)));

    [Fact]
    public void Error_OfASecret_DoesNotShowIt()
    {
        var error = new ConfigurationError("Management:Users:anna:Password", "correct horse", "is not the hash of a password", "Let us write it.");

        Assert.Equal("Management:Users:anna:Password: '(secret)' is not the hash of a password. Let us write it.", error.ToString());
        Assert.Equal(Secrets.Hidden, error.Value);
    }

    [Fact]
    public void HideAndRestore_LeadBack_AlsoWhereSomethingElseWasChanged()
    {
        const string Text = """
            { "Probe": { "Path": "/a", "Headers": { "X-Key": "one" } }, "Probes": [ { "Headers": { "X-Key": "two" } } ] }
            """;
        var before = new JsonObject { ["ReverseProxy"] = new JsonObject { ["Clusters"] = new JsonObject { ["web"] = JsonNode.Parse(Text) } } };
        var wanted = before.DeepClone();

        Secrets.Hide(wanted, "", forAdmin: true);
        Assert.Equal(
            """{"Probe":{"Path":"/a","Headers":{"X-Key":"(secret)"}},"Probes":[{"Headers":{"X-Key":"(secret)"}}]}""",
            wanted["ReverseProxy"]!["Clusters"]!["web"]!.ToJsonString());
        wanted["ReverseProxy"]!["Clusters"]!["web"]!["Probe"]!["Headers"]!["X-New"] = Secrets.Hidden;
        wanted["ReverseProxy"]!["Clusters"]!["web"]!["Probe"]!["Path"] = "/b";
        Secrets.Restore(wanted, before);

        Assert.Equal(
            """{"Probe":{"Path":"/b","Headers":{"X-Key":"one"}},"Probes":[{"Headers":{"X-Key":"two"}}]}""",
            wanted["ReverseProxy"]!["Clusters"]!["web"]!.ToJsonString());
    }
}
