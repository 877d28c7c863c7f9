using Gateway.Clusters;

namespace Gateway.Tests.Scheduling;

public class LocalityTests
{
    [Theory]
    [InlineData(4, "B")]
    [InlineData(5, "A")]
    public void Lblc_CrowdedHome_IsLeftOnlyWhileAnotherIsBelowHalfItsWeight(int activeOnB, string expected)
    {
        var pool = new Pool("A10 B10", "lblc");
        Assert.Equal("A", pool.Picks([Pool.For("x")]));

        Load(pool, "A", 10);
        Load(pool, "B", activeOnB);

        Assert.Equal(expected, pool.Picks([Pool.For("x")]));
    }

    [Fact]
    public void Lblc_HomeOverItsThreshold_IsKeptButNeverAboveMaxConnections()
    {
        var pool = new Pool("A10 B10", "lblc");
        pool.Edit("A", a => a with { UpperThreshold = 2, MaxConnections = 4 });

        Assert.Equal("AAAAB", pool.Picks(Enumerable.Repeat(Pool.For("x"), 5)));
    }

    [Fact]
    public void Lblc_AfterAReload_RemembersItsKeys()
    {
        var pool = new Pool("A10 B10 C10", "lblc");
        Assert.Equal("AB", pool.Picks([Pool.For("x"), Pool.For("y")]));

        pool.Edit("C", c => c with { Weight = 20 });
        pool.Configure(o => o with { Scheduler = o.Scheduler with { MaxKeys = 9 } });

        Assert.Equal("BA", pool.Picks([Pool.For("y"), Pool.For("x")]));
    }

    [Fact]
    public void Lblc_Retry_IsNotRemembered()
    {
        var pool = new Pool("A10 B10", "lblc");
        Assert.Equal("A", pool.Picks([Pool.For("x")]));
        var exclusions = new Gateway.Scheduling.Exclusions();
        exclusions.Add(pool.Find("A"));

        Assert.Equal("B", pool.Scheduler.Bind(Pool.For("x"), exclusions)!.Id);
        Assert.Equal("A", pool.Picks([Pool.For("x")]));
    }

    [Fact]
    public void Lblc_MoreKeysThanRemembered_ForgetsThoseUnusedLongest()
    {
        var pool = new Pool("A10 B10", new SchedulerOptions { Name = "lblc", MaxKeys = 16 });
        Assert.Equal("A", pool.ShortPicks([Pool.For("old")]));
        for (var i = 0; i < 16; i++)
        {
            pool.Time.Advance(TimeSpan.FromSeconds(1));
            pool.ShortPicks([Pool.For($"new {i}")]);
        }

        Load(pool, "A", 1);

        Assert.Equal("A", pool.ShortPicks([Pool.For("new 15")]));
        Assert.Equal("B", pool.ShortPicks([Pool.For("old")]));
    }

    // Expired keys are looked for every half hour and used until then, as by the kernel's timer.
    [Fact]
    public void Lblc_UnusedForTheExpiration_IsForgottenAtTheNextHalfHour()
    {
        var pool = new Pool("A10 B10", new SchedulerOptions { Name = "lblc", Expiration = TimeSpan.FromMinutes(40) });
        Assert.Equal("A", pool.Picks([Pool.For("x")]));

        pool.Time.Advance(TimeSpan.FromMinutes(59));
        var before = pool.Scheduler.Explain(Pool.For("x")).Chosen!.Id;
        pool.Time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal("A", before);
        Assert.Equal("B", pool.Picks([Pool.For("x")]));
    }

    [Fact]
    public void Lblcr_CrowdedSet_GrowsAndLosesItsHeaviestAfterTheExpiration()
    {
        var pool = new Pool("A10 B10 C10", new SchedulerOptions { Name = "lblcr", Expiration = TimeSpan.FromMinutes(1) });
        Assert.Equal("A", pool.Picks([Pool.For("x")]));
        Load(pool, "A", 10);
        Load(pool, "C", 6);
        Assert.Equal("BB", pool.Picks([Pool.For("x"), Pool.For("x")]));

        Load(pool, "B", 7);
        pool.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("B", pool.Picks([Pool.For("x")]));
        for (var i = 0; i < 5; i++)
        {
            pool.State("A").Unbind();
        }

        // A has the fewest now, but left the set.
        Assert.Equal("B", pool.ShortPicks([Pool.For("x")]));
    }

    private static void Load(Pool pool, string id, int flows)
    {
        for (var i = 0; i < flows; i++)
        {
            pool.State(id).Bind();
        }
    }
}
