using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Tests.Scheduling;

public class MaglevTests
{
    [Fact]
    public void Build_TheDocumentedExample_HasTheKernelsSlots()
    {
        var slots = Slots("A1 B1 C2");

        Assert.Equal(4093, slots.Length);
        Assert.Equal([1024, 1023, 2046], "ABC".Select(id => slots.Count(slot => slot == id)));
        Assert.Equal("AACA", string.Concat(new[] { 3711, 3711, 2456, 1705 }.Select(i => slots[i])));
    }

    [Theory]
    [InlineData("10.0.0.1", "A")]
    [InlineData("10.0.0.2", "B")]
    [InlineData("192.168.1.1", "C")]
    [InlineData("203.0.113.7", "A")]
    public void Bind_TheDocumentedClients_GoWhereTheKernelSendsThem(string client, string expected) =>
        Assert.Equal(expected, new Pool("A1 B1 C2", "mh").Picks([Pool.From(client)]));

    [Fact]
    public void Build_OneQuiescedOrDown_ChangesNoSlot()
    {
        var pool = new Pool("A B C", "mh");
        var before = MaglevTable.Build([.. pool.Scheduler.Destinations]).Select(d => d.Id).ToList();

        pool.Edit("B", b => b with { Weight = 0 });
        pool.Probe("C", ProbeVerdict.Down);

        Assert.Equal(before, MaglevTable.Build([.. pool.Scheduler.Destinations]).Select(d => d.Id));
    }

    [Fact]
    public void Build_AddedWithWeightZero_HasNoSlots() => Assert.DoesNotContain('B', Slots("A B0"));

    [Fact]
    public void Build_MoreDestinationsThanTheKernelAllows_GrowsTheTable()
    {
        var ids = string.Join(' ', Enumerable.Range(0, 4100).Select(Name));

        var owners = MaglevTable.Build([.. new Pool(ids, "rr").Scheduler.Destinations]);

        Assert.Equal(65521, owners.Length);
        Assert.InRange(owners.GroupBy(owner => owner).Select(slots => slots.Count()).Max(), 15, 17);
    }

    // The bound of the paper: c times the average load, rounded up.
    [Theory]
    [InlineData(1.25)]
    [InlineData(2.0)]
    public void Bind_BoundedLoad_KeepsEveryDestinationBelowItsBoundAndItsKeysAtHome(double factor)
    {
        var pool = new Pool("A B C D", new SchedulerOptions { Name = "mh", BoundedLoad = factor });
        var home = pool.ShortPicks([Pool.For("popular")]);
        Assert.Equal(home, pool.ShortPicks([Pool.For("popular")]));

        for (var flows = 1; flows <= 400; flows++)
        {
            var flow = Pool.For(flows % 2 == 0 ? "popular" : $"{flows}");
            pool.Picks([flow]);

            var bound = Math.Ceiling(factor * flows / 4);
            Assert.All(pool.Scheduler.Destinations, d => Assert.InRange(d.State.Active, 0, bound));
        }
    }

    [Fact]
    public void Bind_BoundedLoadWithRoomEverywhere_IsPlainMaglev()
    {
        var flows = Enumerable.Range(0, 300).Select(i => Pool.For($"{i}")).ToList();
        var bounded = new Pool("A B2 C D3", new SchedulerOptions { Name = "mh", BoundedLoad = 1.25 });

        Assert.Equal(new Pool("A B2 C D3", "mh").ShortPicks(flows), bounded.ShortPicks(flows));
    }

    [Theory]
    [InlineData("dh")]
    [InlineData("sh")]
    [InlineData("mh")]
    public void Bind_HashingOnAnotherNode_DecidesTheSame(string scheduler)
    {
        var flows = Enumerable.Range(0, 500).Select(i => Pool.For($"/page/{i}")).ToList();
        var one = new Pool("A3 B1 C2", scheduler);
        one.Picks(flows);
        one.Probe("B", ProbeVerdict.Down);
        one.Probe("B", ProbeVerdict.Up);

        Assert.Equal(new Pool("A3 B1 C2", scheduler).ShortPicks(flows), one.ShortPicks(flows));
    }

    public static string Name(int index) => string.Concat(
        (char)('B' + (index / 676)), (char)('A' + (index / 26 % 26)), (char)('A' + (index % 26)));

    private static string Slots(string destinations) =>
        string.Concat(MaglevTable.Build([.. new Pool(destinations, "rr").Scheduler.Destinations]).Select(d => d.Id));
}
