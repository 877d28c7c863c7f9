using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Gateway.Clusters;
using Gateway.Commands;
using Gateway.Draining;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Commands;

/// <summary>The commands that change a running Gateway.</summary>
public sealed class RemoteOrdersTests : IAsyncLifetime
{
    private readonly ConsoleRig _rig = new();

    public Task InitializeAsync() => _rig.InitializeAsync();

    public Task DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Orders_AreCarriedOutAndTakenBack()
    {
        var (exit, told, _) = await _rig.RunAsync("maintenance mail/m1 --why kernel --for 00:05:00");
        Assert.Equal(0, exit);
        Assert.Contains("maintenance by ", told, StringComparison.Ordinal);
        var until = _rig.Gateway.Store.Current.FindCluster("mail")!.Find("m1")!.Standing.Admin!.Until;
        Assert.Contains($"until{until:yyyy-MM-ddHH:mm:ss}Z:kernel", string.Concat(told.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Contains("maintenance", (await _rig.RunAsync("show mail")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await _rig.RunAsync("up mail/m1")).Exit);
        Assert.DoesNotContain("maintenance", (await _rig.RunAsync("show mail")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await _rig.RunAsync("weight mail/m1 9")).Exit);

        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "saved.json");
        Assert.Equal(0, (await _rig.RunAsync($"save {file}")).Exit);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }

        var saved = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
        Assert.Equal("9", $"{saved["ReverseProxy"]!["Clusters"]!["mail"]!["Destinations"]!["m1"]!["Weight"]}");
    }

    /// <summary>.NET reads a bare number as days.</summary>
    [Theory]
    [InlineData("maintenance mail/m1 --for 5", "--for '5' is no time.")]
    [InlineData("weight mail/m1 3 --for 5m", "--for '5m' is no time.")]
    [InlineData("drain mail/m1 --for 1", "--for '1' is no time.")]
    [InlineData("drain mail --deadline 30", "--deadline '30' is no time.")]
    [InlineData("drain mail --sticky-for 0", "--sticky '0' is no time.")]
    [InlineData("config apply none.json --confirm 1", "--confirm '1' is no time.")]
    public async Task Times_WithoutAColon_AreRefusedBeforeAnythingIsAsked(string line, string told)
    {
        var (exit, _, errors) = await _rig.RunAsync(line);

        Assert.Equal(CommandLine.BadInput, exit);
        Assert.Contains($"{told} Write hours:minutes:seconds, such as 00:30:00 for half an hour.", errors, StringComparison.Ordinal);
        Assert.All(_rig.Gateway.Store.Current.FindCluster("mail")!.Destinations, d => Assert.Equal(Availability.InService, d.Judgement.Availability));
    }

    [Fact]
    public async Task Drain_ACluster_IsFollowedListedAndTakenBack()
    {
        var (exit, output, errors) = await _rig.RunAsync("drain mail --why update --deadline 00:10:00 --sticky 00:00:00 --wait");
        Assert.True(exit == 0, errors);
        Assert.Contains("d1: cluster mail (3 destinations), empty, nothing in progress", output, StringComparison.Ordinal);
        var job = _rig.Gateway.Services.GetRequiredService<DrainService>().Jobs.Single();
        Assert.Equal(("update", TimeSpan.FromMinutes(10), TimeSpan.Zero), (job.Why, job.Deadline - job.Started, job.StickyUntil - job.Started));

        var list = await _rig.RunAsync("drains");
        Assert.Contains("cluster mail", list.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("over", list.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await _rig.RunAsync("drains cancel d1")).Exit);
        Assert.Contains("cancelled, over", (await _rig.RunAsync("drains")).Output, StringComparison.Ordinal);
        Assert.DoesNotContain(_rig.Gateway.Store.Current.FindCluster("mail")!.Destinations, d => d.Judgement.Availability == Availability.Draining);
    }

    [Fact]
    public async Task Drain_TheNode_AndADestination()
    {
        Assert.Equal(0, (await _rig.RunAsync("drain --node")).Exit);
        Assert.True(_rig.Gateway.Services.GetRequiredService<DrainService>().IsNodeDraining);
        var (_, dry, _) = await _rig.RunAsync("drain --node --dry-run");
        Assert.Equal("would drain the node, running, nothing in progress", dry.TrimEnd());
        var (_, one, _) = await _rig.RunAsync("drain mail/m1 --json");
        Assert.Equal(("d2", "m1"), ((string)JsonNode.Parse(one)!["id"]!, (string)JsonNode.Parse(one)!["destination"]!));
        await _rig.RunAsync("drain mail/m2 --for 01:00:00");

        Assert.NotNull(_rig.Gateway.Store.Current.FindCluster("mail")!.Find("m2")!.Standing.Admin!.Until);
        Assert.Equal(Availability.Draining, _rig.Gateway.Store.Current.FindCluster("mail")!.Find("m1")!.Judgement.Availability);
    }

    [Fact]
    public async Task Drain_WaitedFor_TellsWhatIsInProgress_AndThatItWasTakenBack()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await ConsoleRig.WithAsync($$"""
            {
              "ReverseProxy": { "Clusters": { "mail": { "Destinations": { "m1": { "Address": "tcp://{{listener.LocalEndpoint}}" } } } } },
              "VirtualServers": { "smtp": { "Listen": "127.0.0.1:0", "ClusterId": "mail" } }
            }
            """, async rig =>
        {
            using var client = new TcpClient();
            await client.ConnectAsync(rig.Gateway.Services.GetRequiredService<Gateway.Relay.RelayService>().Listeners.Single().Bound!);
            using var accepted = await listener.AcceptTcpClientAsync();
            var drains = rig.Gateway.Services.GetRequiredService<DrainService>();

            var waited = rig.RunAsync("drain mail --wait");
            await Eventually.TrueAsync(() => Task.FromResult(drains.Jobs.Count == 1), "the drain runs");
            Assert.Contains("cluster mail  running  1 connection", (await rig.RunAsync("drains")).Output, StringComparison.Ordinal);
            Assert.Contains("cluster mail (1 destination), running, 1 connection in progress", (await rig.RunAsync("drain mail --dry-run")).Output, StringComparison.Ordinal);
            drains.Cancel("d1");

            var (exit, output, errors) = await waited;
            Assert.Equal((1, true), (exit, errors.Contains("was taken back", StringComparison.Ordinal)));
            Assert.Contains("1 connection in progress", output, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Save_ToDash_IsStandardOutput()
    {
        var (exit, output, _) = await _rig.RunAsync("save -");

        Assert.Equal((0, "wrr"), (exit, (string)JsonNode.Parse(output)!["ReverseProxy"]!["Clusters"]!["mail"]!["LoadBalancingPolicy"]!));
        Assert.False(File.Exists("-"));
    }

    [Fact]
    public async Task Save_SecretsInLists_AreLeftOutAndNamed() => await ConsoleRig.WithAsync("""
        { "ReverseProxy": { "Clusters": { "web": {
          "Probes": [ { "Kind": "tcp" }, { "Kind": "http", "Headers": { "X-Key": "SECRET" } } ],
          "Destinations": { "a": { "Address": "http://127.0.0.1:9" } } } } } }
        """, async rig =>
        {
            var (exit, output, errors) = await rig.RunAsync("save");

            Assert.Equal(0, exit);
            Assert.DoesNotContain("secret", output, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("Probes:1:Headers:X-Key is secret and left out", errors, StringComparison.Ordinal);
        });

    [Fact]
    public async Task Save_WhatWasChangedWhileItRan_StartsAsTheSameState()
    {
        await _rig.RunAsync("weight mail/m1 9");
        await _rig.ConsoleAsync("group mail\nmaxc 1 5\ncreate 127.0.0.1 12\n");
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "saved.json");
        await _rig.RunAsync($"save {file}");

        await using var again = await RunningGateway.StartAsync(await File.ReadAllTextAsync(file));

        Assert.Equal(4, again.Store.Current.FindCluster("mail")!.Destinations.Count);
        Assert.Equal(StateOf(_rig.Gateway), StateOf(again));

        static List<string> StateOf(RunningGateway gateway) =>
        [
            .. gateway.Store.Current.Clusters.SelectMany(cluster => cluster.Destinations.Select(d =>
                $"{cluster.Id} by {cluster.Options.Scheduler.Name}: {d.Id} {d.Options.Address} weight {d.Weight} "
                + $"most {d.MaxConnections} backup {d.Options.Backup}")),
        ];
    }

    [Fact]
    public async Task Config_DiffApplyRollback_ChangesAndComesBack()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "next.json");
        var next = JsonNode.Parse((await _rig.RunAsync("config show --json")).Output)!;
        next["ReverseProxy"]!["Clusters"]!["mail"]!["Destinations"]!["m1"]!["Weight"] = 4;
        await File.WriteAllTextAsync(file, next.ToJsonString());

        var (_, diff, _) = await _rig.RunAsync($"config diff {file}");
        Assert.Contains("+ ReverseProxy:Clusters:mail:Destinations:m1:Weight = 4", diff, StringComparison.Ordinal);
        Assert.Equal(0, (await _rig.RunAsync($"config apply {file} --confirm 00:05:00")).Exit);
        Assert.Equal(4, _rig.Gateway.Store.Current.FindCluster("mail")!.Find("m1")!.Options.Weight);
        Assert.Equal(0, (await _rig.RunAsync("config rollback")).Exit);
        Assert.Equal(3, _rig.Gateway.Store.Current.FindCluster("mail")!.Find("m1")!.Options.Weight);
    }

    [Fact]
    public async Task Console_BalancesWords_AreUnderstood()
    {
        var (exit, output, errors) = await _rig.ConsoleAsync("""
            group mail
            disable 0
            maxc 1 5
            create 127.0.0.1 12
            show
            enable 0
            rr
            version
            """);

        Assert.True(exit == 0, errors);
        Assert.Contains("maintenance", output, StringComparison.Ordinal);
        var mail = _rig.Gateway.Store.Current.FindCluster("mail")!;
        Assert.Equal(("rr", 5, 4), (mail.Options.Scheduler.Name, mail.Find("m2")!.Options.MaxConnections, mail.Destinations.Count));
    }

    [Fact]
    public async Task Console_CreateOfAChannelThatIsThere_IsRefusedAndLeavesItAsItIs()
    {
        var (exit, _, errors) = await _rig.ConsoleAsync("create web1 80\nenable web1-80\nmaxc web1-80 5\ncreate WEB1 80\n");

        Assert.Equal(1, exit);
        Assert.Contains("mail has the channel 'web1-80' already.", errors, StringComparison.Ordinal);
        var channel = _rig.Gateway.Store.Current.FindCluster("mail")!.Find("web1-80")!;
        Assert.Equal((5, 1, null), (channel.Options.MaxConnections, channel.Weight, channel.Standing.Admin));
    }

    [Fact]
    public async Task Console_ResetOfSomething_IsNoWordOfBalance()
    {
        var (exit, _, errors) = await _rig.ConsoleAsync("reset elsewhere\n");

        Assert.Equal(1, exit);
        Assert.Contains("'reset' takes other words than these.", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shwo mail", "'shwo' is no command. Did you mean 'show'?")]
    [InlineData("blah", "'blah' is no command. 'help' lists them.")]
    [InlineData("enabel 0", "Did you mean 'enable'?")]
    [InlineData("enable", "'enable' takes other words")]
    public async Task Console_UnknownWord_IsNamedWithTheNearest(string line, string told) =>
        Assert.Contains(told, (await _rig.ConsoleAsync(line + "\n")).Errors, StringComparison.Ordinal);

    [Fact]
    public async Task Console_LastLineFails_ExitCodeIsNotZero()
    {
        var (exit, _, errors) = await _rig.ConsoleAsync("enable 99\n");

        Assert.Equal(1, exit);
        Assert.Contains("no channel '99'", errors, StringComparison.Ordinal);
    }
}
