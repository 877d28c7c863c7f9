using System.Text.Json.Nodes;
using Gateway.Tests.Simulation;

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
