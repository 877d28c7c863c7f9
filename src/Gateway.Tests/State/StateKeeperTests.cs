using System.Text;
using System.Text.Json.Nodes;
using Gateway.Clusters;
using Gateway.Configuration;
using Gateway.Draining;
using Gateway.Hosting;
using Gateway.State;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.State;

public sealed class StateKeeperTests : IDisposable
{
    private static readonly DateTimeOffset _now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTime _time = new();

    private string File => Path.Combine(_folder.Path, "State", "state.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_AfterSave_BringsEveryWordBack()
    {
        var standing = new Standing(ProbeVerdict.Down, "TimedOut", _now)
        {
            Passive = new PassiveWord("5 times reset", _now, _now.AddSeconds(30), 3),
            LastEjection = new PassiveWord("5 times reset", _now, _now.AddSeconds(30), 3),
            Agent = new AgentWord(AgentOrder.Drain, "leaving", _now) { Share = 0.25, Weight = 7, MaxConnections = 9 },
            Admin = new AdminWord(AdminOrder.Drain, "anna", "kernel", _now)
            {
                Until = _now.AddHours(2),
                StickyUntil = _now.AddHours(1),
                Over = new AdminWord(AdminOrder.Maintenance, "berta", "disk", _now) { Until = _now.AddHours(4) },
            },
            PersonsWeight = new WeightWord(5, "anna", _now) { Until = _now.AddHours(3) },
        };
        var first = Store();
        first.Recall([new RememberedStanding("web", "a", new Uri("http://192.0.2.1:80"), standing, _now)]);
        Apply(first);
        using (var keeper = Keeper(first))
        {
            Assert.True(keeper.Save());
        }

        var second = Store();
        using var again = Keeper(second);
        again.Load();
        Apply(second);

        Assert.Equal(standing, second.Current.FindCluster("web")!.Find("a")!.Standing);
    }

    [Fact]
    public void Parse_OfWhatIsLeftOut_IsWhatItIsByDefault()
    {
        var empty = SavedState.Parse("{ \"Version\": 1 }"u8);
        Assert.Empty(empty.Destinations);
        Assert.Empty(empty.Drains);

        var written = JsonNode.Parse(new SavedState
        {
            Version = SavedState.CurrentVersion,
            Destinations =
            [
                new RememberedStanding(
                    "web", "a", new Uri("http://192.0.2.1:80"), Standing.Unprobed with { Agent = new AgentWord(AgentOrder.Up, "", _now) }, _now),
            ],
        }.ToJson())!;
        Assert.True(written["Destinations"]![0]!["Standing"]!["Agent"]!.AsObject().Remove("Share"));
        var read = SavedState.Parse(Encoding.UTF8.GetBytes(written.ToJsonString()));
        Assert.Equal(1, read.Destinations[0].Standing.Agent!.Share);
    }

    [Fact]
    public async Task Restart_OfTheWholeProgram_APersonsWordIsStillInForce()
    {
        await using var first = await RunningGateway.StartAsync(Json.Proxy("rr", [Json.Destination("a", "http://192.0.2.1:80")]));
        first.Store.SetAdmin("web", "a", new AdminWord(AdminOrder.Maintenance, "anna", "kernel", _now));

        await using var second = await first.RestartAsync();

        Assert.Equal("maintenance by anna: kernel", second.Store.Current.FindCluster("web")!.Find("a")!.Judgement.Reason);
    }

    [Fact]
    public async Task Run_APersonsWord_IsSavedSoonAfter()
    {
        var store = Store();
        Apply(store);
        using var keeper = Keeper(store, TimeProvider.System);
        await keeper.StartAsync(CancellationToken.None);

        store.SetAdmin("web", "a", new AdminWord(AdminOrder.Maintenance, "anna", "kernel", _now));

        await Eventually.TrueAsync(() => System.IO.File.Exists(File)
            && System.IO.File.ReadAllText(File).Contains("kernel", StringComparison.Ordinal), "the word is in the file");
        await keeper.StopAsync(CancellationToken.None);
        Assert.False(System.IO.File.Exists(File + ".next"));
    }

    // What probes find in the first second is one write at its end: the start does not wait for the disk.
    [Fact]
    public async Task Run_ProbesWordsAtTheStart_AreSavedWhenItIsOver()
    {
        var store = Store();
        Apply(store);
        using var keeper = Keeper(store);
        await keeper.StartAsync(CancellationToken.None);
        store.SetProbe(store.Current.FindCluster("web")!.Find("a")!, ProbeVerdict.Down, "TimedOut");

        // Its task may not have begun to wait yet, so that the clock is moved until it has passed each of its pauses.
        var passed = TimeSpan.Zero;
        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(100));
                passed += TimeSpan.FromMilliseconds(100);
                return System.IO.File.Exists(File);
            },
            "the word is in the file");

        Assert.True(passed >= TimeSpan.FromSeconds(1), $"{passed}");
        await keeper.StopAsync(CancellationToken.None);
    }

    // Two configurations of one directory, as of two nodes in tests of a pair.
    [Fact]
    public void Directory_OfTwoConfigurations_IsAFolderForEach()
    {
        string? FolderOf(string name, string json)
        {
            var file = Path.Combine(_folder.Path, name);
            System.IO.File.WriteAllText(file, json);
            return StateSection.Read(new ConfigurationLoader(null, null).Load(file).Configuration!).Directory;
        }

        Assert.Equal(Path.Combine(_folder.Path, "State", "one.json"), FolderOf("one.json", "{}"));
        Assert.Equal(Path.Combine(_folder.Path, "kept", "two.json"), FolderOf("two.json", """{ "State": { "Directory": "kept" } }"""));
        Assert.Null(FolderOf("three.json", """{ "State": { "Directory": "" } }"""));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{ "Version": 2 }""")]
    [InlineData("""{ "Version": 1, "Destinations": [ { "ClusterId": "web" } ] }""")]
    [InlineData("""{ "Version": 1, "Destinations": [ { "ClusterId": "web", "DestinationId": "a", "Address": "http://192.0.2.1", "Seen": "2030-01-01T00:00:00Z", "Standing": { "Probe": "None", "ProbeReason": "", "Since": "2030-01-01T00:00:00Z", "PersonsWeight": { "Weight": 70000, "Who": "anna", "Since": "2030-01-01T00:00:00Z" } } } ] }""")]
    public void Load_FileThatIsNoState_IsPutAsideAndSaid(string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.WriteAllText(File, content);
        var log = new RecordingLogger<StateKeeper>();
        var store = Store();
        using var keeper = new StateKeeper(Options, store, Drains(store), _time, log);

        keeper.Load();
        Apply(store);

        Assert.Single(log.Lines, line => line.Contains("cannot be read and is not used", StringComparison.Ordinal));
        Assert.Equal(content, System.IO.File.ReadAllText(File + ".unreadable"));
        Assert.True(keeper.Save());
    }

    [Fact]
    public void Save_DirectoryThatCannotBe_IsSaidOnceAndDoesNotMatterOtherwise()
    {
        System.IO.File.WriteAllText(Path.Combine(_folder.Path, "State"), "a file where the directory should be");
        var log = new RecordingLogger<StateKeeper>();
        var store = Store();
        using var keeper = new StateKeeper(Options, store, Drains(store), _time, log);

        keeper.Load();
        Apply(store);

        Assert.False(keeper.Save());
        Assert.False(keeper.Save());
        Assert.Single(log.Lines, line => line.Contains("The state is not kept", StringComparison.Ordinal));
    }

    [Fact]
    public void Save_DirectoryOfAnotherProcess_IsLeftAlone()
    {
        using var first = Keeper(Store());
        using var second = Keeper(Store());

        Assert.True(first.Save());

        Assert.False(second.Save());
    }

    private StateOptions Options => new() { Directory = Path.Combine(_folder.Path, "State") };

    private static void Apply(ClusterStore store) => store.Apply(
        [
            new ClusterOptions
            {
                Id = "web",
                Probe = new ProbeOptions(),
                Destinations = [new DestinationOptions { Id = "a", Address = new Uri("http://192.0.2.1:80") }],
            },
        ],
        []);

    private ClusterStore Store() => new(_time);

    private StateKeeper Keeper(ClusterStore store, TimeProvider? time = null) =>
        new(Options, store, Drains(store), time ?? _time, NullLogger<StateKeeper>.Instance);

    private DrainService Drains(ClusterStore store) => new(store, [], _time, NullLogger<DrainService>.Instance);
}
