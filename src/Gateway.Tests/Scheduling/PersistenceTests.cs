using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Tests.Scheduling;

public class PersistenceTests
{
    private static readonly SchedulerOptions _roundRobin = new() { Name = "rr" };

    [Fact]
    public void Bind_KnownClient_GoesWhereItWentWithoutTakingATurn()
    {
        var pool = new Pool("A B C", _roundRobin, new PersistenceOptions());

        Assert.Equal("AABAC", pool.Picks(Clients("1 1 2 1 3")));
    }

    [Fact]
    public void Bind_ClientsUnderOneMask_GoTogether()
    {
        var pool = new Pool("A B", _roundRobin, new PersistenceOptions { Mask4 = 24, Mask6 = 64 });

        Assert.Equal("AAB", pool.Picks([Pool.From("10.0.1.1"), Pool.From("10.0.1.200"), Pool.From("10.0.2.1")]));
        Assert.Equal("AAB", pool.Picks([Pool.From("2001:db8::1"), Pool.From("2001:db8::2"), Pool.From("2001:db8:1::1")]));
        Assert.Equal("A", pool.Picks([Pool.From("::ffff:10.0.1.77")]));
    }

    [Fact]
    public void Bind_EveryFlow_StartsTheTimeoutAgain()
    {
        var pool = new Pool("A B", _roundRobin, new PersistenceOptions { Timeout = TimeSpan.FromMinutes(5) });
        Assert.Equal("A", pool.Picks(Clients("1")));

        pool.Time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal("A", pool.Picks(Clients("1")));
        pool.Time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal("A", pool.Picks(Clients("1")));
        pool.Time.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(0, pool.Scheduler.Persistence!.Count);
        Assert.Equal("B", pool.Picks(Clients("1")));
    }

    [Fact]
    public void Bind_HomeOverItsThresholdOrQuiesced_IsKept()
    {
        var pool = new Pool("A B", _roundRobin, new PersistenceOptions());
        Assert.Equal("A", pool.Picks(Clients("1")));

        pool.Edit("A", a => a with { UpperThreshold = 1 });
        Assert.Equal("AB", pool.Picks(Clients("1 2")));
        pool.Edit("A", a => a with { Weight = 0 });

        Assert.Equal("AB", pool.Picks(Clients("1 3")));
    }

    // A backup that serves beside the others, because they are too few, knows clients only for as long.
    [Fact]
    public void Bind_HomeIsABackupThatServesNoLonger_IsForgotten()
    {
        var pool = new Pool("A B", _roundRobin, new PersistenceOptions());
        pool.Add("C", c => c with { Backup = true });
        pool.Configure(o => o with { MinReady = 2 });
        pool.Probe("A", ProbeVerdict.Down);
        var first = pool.Picks(Clients("1 2"));
        Assert.Equal("BC", string.Concat(first.Order()));
        var ofBackup = first[0] == 'C' ? "1" : "2";
        Assert.Equal("CC", pool.Picks(Clients($"{ofBackup} {ofBackup}")));

        pool.Probe("A", ProbeVerdict.Up);

        var home = pool.Picks(Clients(ofBackup));
        Assert.Contains(home, (string[])["A", "B"]);
        Assert.Equal(home + home, pool.Picks(Clients($"{ofBackup} {ofBackup}")));
        Assert.NotEqual("C", pool.Scheduler.Explain(Clients(ofBackup).Single()).Chosen!.Id);
    }

    [Fact]
    public void Bind_HomeAtMaxConnections_GoesElsewhere()
    {
        var pool = new Pool("A B", _roundRobin, new PersistenceOptions());
        pool.Edit("A", a => a with { MaxConnections = 2 });

        Assert.Equal("AAB", pool.Picks(Clients("1 1 1")));
    }

    [Fact]
    public void Bind_HomeQuiescedWithLeaveDrained_IsLeftForGood()
    {
        var pool = new Pool("A B", _roundRobin, new PersistenceOptions { LeaveDrained = true });
        Assert.Equal("A", pool.Picks(Clients("1")));

        pool.Edit("A", a => a with { Weight = 0 });
        Assert.Equal("B", pool.Picks(Clients("1")));
        pool.Edit("A", a => a with { Weight = 1 });

        Assert.Equal("B", pool.Picks(Clients("1")));
    }

    [Fact]
    public void Bind_HomeDownAndNobodyElse_IsRememberedUntilItIsBack()
    {
        var pool = new Pool("A B", _roundRobin, new PersistenceOptions());
        Assert.Equal("AB", pool.Picks(Clients("1 2")));

        pool.Probe("A", ProbeVerdict.Down);
        pool.Probe("B", ProbeVerdict.Down);
        Assert.Equal("--", pool.Picks(Clients("1 2")));
        pool.Probe("A", ProbeVerdict.Up);
        pool.Probe("B", ProbeVerdict.Up);

        Assert.Equal("BA", pool.Picks(Clients("2 1")));
    }

    [Fact]
    public void Bind_AfterReloadAndFlapOfOthers_IsStillRemembered()
    {
        var pool = new Pool("A B C", _roundRobin, new PersistenceOptions());
        Assert.Equal("ABC", pool.Picks(Clients("1 2 3")));

        pool.Configure(o => o with { Persistence = o.Persistence! with { Timeout = TimeSpan.FromHours(1) } });
        pool.Remove("C");
        pool.Probe("A", ProbeVerdict.Down);
        pool.Probe("A", ProbeVerdict.Up);

        Assert.Equal("BA", pool.Picks(Clients("2 1")));
    }

    [Fact]
    public void Bind_BackupServed_IsNotRemembered()
    {
        var pool = new Pool("A B", _roundRobin, new PersistenceOptions());
        pool.Edit("B", b => b with { Backup = true });
        pool.Probe("A", ProbeVerdict.Down);
        Assert.Equal("BB", pool.Picks(Clients("1 2")));

        pool.Probe("A", ProbeVerdict.Up);

        Assert.Equal("AA", pool.Picks(Clients("1 2")));
    }

    [Fact]
    public void Bind_ByCookie_FollowsTheKeyNotTheAddress()
    {
        var pool = new Pool("A B", _roundRobin, new PersistenceOptions { Key = "cookie:id" });
        var (x, y) = (FlowKey.OfText("x"), FlowKey.OfText("y"));
        var client = Pool.From("10.0.0.1");

        Assert.Equal("cookie:id", pool.Scheduler.PersistenceKeySource);
        Assert.Equal("ABA", pool.Picks(
            [client with { PersistenceKey = x }, client with { PersistenceKey = y }, client with { PersistenceKey = x }]));
        Assert.Equal("AB", pool.Picks([client, client]));
    }

    [Fact]
    public void Bind_MoreClientsThanRemembered_ForgetsTheOneAwayLongest()
    {
        var pool = new Pool("A B C D", _roundRobin, new PersistenceOptions { MaxEntries = 3 });
        Assert.Equal("ABCA", pool.Picks(Clients("1 2 3 1")));

        Assert.Equal("D", pool.Picks(Clients("4")));

        Assert.Equal(
            ["10.0.0.4", "10.0.0.1", "10.0.0.3"],
            pool.Scheduler.Persistence!.Entries().Select(entry => entry.Key.ToString()));
    }

    [Fact]
    public void Bind_ManyClients_KeepsTheTableWithinItsLimit()
    {
        var pool = new Pool("A B", _roundRobin, new PersistenceOptions { MaxEntries = 100 });

        for (var i = 0; i < 10_000; i++)
        {
            pool.Picks([Pool.From($"10.0.{i % 250}.{i / 250}")]);
        }

        Assert.Equal(100, pool.Scheduler.Persistence!.Count);
    }

    private static IEnumerable<Flow> Clients(string hosts) => hosts.Split(' ').Select(host => Pool.From($"10.0.0.{host}"));
}
