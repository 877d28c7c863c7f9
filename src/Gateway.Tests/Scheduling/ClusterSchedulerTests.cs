using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Tests.Scheduling;

public class ClusterSchedulerTests
{
    public static TheoryData<string> All => [.. Schedulers.Names];

    [Theory]
    [MemberData(nameof(All))]
    public void Bind_KnownKeys_AllocatesNothing(string scheduler)
    {
        var pool = new Pool("A3 B2 C9 D1 E2", scheduler);
        var flows = Enumerable.Range(0, 64).Select(i => Pool.From($"10.0.0.{i}") with { Key = FlowKey.OfText($"{i}") }).ToArray();
        pool.ShortPicks(flows);
        pool.ShortPicks(flows);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
        {
            pool.Scheduler.Bind(flows[i % 64])!.State.Unbind();
        }

        // A little is left to the runtime, which may compile meanwhile; one object a flow would be 240 000.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000);
    }

    [Fact]
    public void Bind_Backup_ServesOnlyWhileNobodyElseIsReady()
    {
        var pool = new Pool("A B C", "rr");
        pool.Edit("C", c => c with { Backup = true });
        Assert.Equal("ABA", pool.Picks(3));

        pool.Probe("A", ProbeVerdict.Down);
        pool.Edit("B", b => b with { MaxConnections = 1 });
        Assert.Equal("CC", pool.Picks(2));

        pool.State("B").Unbind();
        Assert.Equal("BC", pool.Picks(2));
    }

    [Fact]
    public void Bind_BackupsOfSeveralRanks_ServeInTheirOrder()
    {
        var pool = new Pool("A B C D", "rr");
        pool.Edit("B", b => b with { Backup = true, BackupRank = 7 });
        pool.Edit("C", c => c with { Backup = true, BackupRank = 2 });
        pool.Edit("D", d => d with { Backup = true, BackupRank = 2 });
        pool.Probe("A", ProbeVerdict.Down);
        Assert.Equal("CDC", pool.Picks(3));

        pool.Probe("C", ProbeVerdict.Down);
        pool.Edit("D", d => d with { MaxConnections = 2 });
        Assert.Equal("DB", pool.Picks(2));

        pool.Probe("C", ProbeVerdict.Up);
        Assert.Equal("CC", pool.Picks(2));
        pool.Probe("A", ProbeVerdict.Up);
        Assert.Equal("A", pool.Picks(1));
    }

    // A refusal is the kernel's answer here, not a reason for the backup.
    [Fact]
    public void Bind_HashingWithoutFallbackAtAnUnreadyOne_DoesNotUseTheBackup()
    {
        var pool = new Pool("A B0 C D", new SchedulerOptions { Name = "sh", Fallback = false });
        pool.Edit("D", d => d with { Backup = true });

        Assert.Equal("-", pool.Picks([Pool.From("192.168.1.1")]));
    }

    [Fact]
    public void Bind_EveryoneDownWithPanic_UsesThemAllTheSame()
    {
        var pool = new Pool("A B", "rr");
        pool.Probe("A", ProbeVerdict.Down);
        pool.Probe("B", ProbeVerdict.Down);
        Assert.Equal("--", pool.Picks(2));

        pool.Configure(options => options with { Panic = true });
        Assert.Equal("AB", pool.Picks(2));

        pool.Probe("B", ProbeVerdict.Up);
        Assert.Equal("BB", pool.Picks(2));
    }

    [Fact]
    public void Bind_Datagrams_CountAsInactiveAndAgainstTheLimit()
    {
        var pool = new Pool("A", "sed");
        pool.Edit("A", a => a with { MaxConnections = 2 });
        var client = Pool.From("10.0.0.1") with { IsDatagrams = true };

        Assert.Equal("AA-", pool.Picks([client, client, client]));
        Assert.Equal((0, 2), (pool.State("A").Active, pool.State("A").Inactive));
        pool.State("A").UnbindInactive();
        Assert.Equal("A", pool.Picks([client]));
    }

    [Fact]
    public void Bind_AfterTheSchedulerWasChanged_SeesTheLoadOfBefore()
    {
        var pool = new Pool("A B", "wlc");
        Assert.Equal("ABA", pool.Picks(3));

        pool.Configure(options => options with { Scheduler = options.Scheduler with { Name = "rr" } });
        Assert.Equal("A", pool.Picks(1));
        pool.Configure(options => options with { Scheduler = options.Scheduler with { Name = "lc" } });

        Assert.Equal("BBA", pool.Picks(3));
    }

    [Fact]
    public void Bind_OnASchedulerThatWasReplaced_StillRespectsTheLimits()
    {
        var pool = new Pool("A B", "wlc");
        pool.Edit("A", a => a with { MaxConnections = 1 });
        var old = pool.Scheduler;
        pool.Add("C");
        Assert.Equal("A", pool.Picks(1));

        Assert.Equal("B", old.Bind(Pool.From("10.0.0.1"))!.Id);
    }

    [Fact]
    public void Destinations_NewestFirst_KeepTheirOrderOverEditsAndHeadTheListWhenTheyComeBack()
    {
        var pool = new Pool("A B C", new SchedulerOptions { Name = "rr", Order = DestinationOrder.NewestFirst });

        pool.Edit("B", b => b with { Weight = 4 });
        Assert.Equal("CBA", string.Concat(pool.Scheduler.Destinations.Select(d => d.Id)));
        pool.Remove("A");
        pool.Add("A");

        Assert.Equal("ACB", string.Concat(pool.Scheduler.Destinations.Select(d => d.Id)));
    }
}
