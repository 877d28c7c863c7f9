using System.Text.Json.Nodes;
using Gateway.Tests.Support;

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
        Assert.Equal(0, (await _rig.RunAsync("maintenance mail/m1 --why kernel")).Exit);
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
    public async Task Console_LastLineFails_ExitCodeIsNotZero()
    {
        var (exit, _, errors) = await _rig.ConsoleAsync("enable 99\n");

        Assert.Equal(1, exit);
        Assert.Contains("no channel '99'", errors, StringComparison.Ordinal);
    }
}
