using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Tests.Scheduling;

/// <summary>Slow start in simulated time, under every scheduler.</summary>
public class SlowStartTests
{
    private static readonly TimeSpan _slowStart = TimeSpan.FromSeconds(100);

    public static TheoryData<string> Names => [.. Schedulers.Names];

    public static TheoryData<string> Deterministic => [.. Schedulers.Names.Except(["twos", "Random", "PowerOfTwoChoices"])];

    /// <summary>Those that give every destination its part of few flows: the first in order has its part of all at once, and
    /// keys go where they belong, however few there are.</summary>
    public static TheoryData<string> Spreading => [.. Schedulers.Names.Where(name => !IsInOrder(name) && !IsByKey(name))];

    // Where the one first in order takes all, a newcomer must come first to get anything: it has the highest weight.
    private static bool IsInOrder(string scheduler) => scheduler is "fo" or "ovf" or "FirstAlphabetical";

    internal static bool IsByKey(string scheduler) => scheduler is "sh" or "dh" or "mh";

    [Theory]
    [MemberData(nameof(Names))]
    public void Share_WhileRamping_FollowsTheRampWithinThreeOfAHundred(string scheduler)
    {
        var settled = new SlowStartRig(scheduler, TimeSpan.Zero, "B100 C100 D100");
        settled.Add(IsInOrder(scheduler) ? "A1000" : "A100");
        settled.ShareOf("A"); // The first flows all go to who has none.
        var full = settled.ShareOf("A");
        Assert.True(full > 0.1, $"{full}");

        var rig = new SlowStartRig(scheduler, _slowStart, "B100 C100 D100");
        rig.Time.Advance(_slowStart);
        rig.Add(IsInOrder(scheduler) ? "A1000" : "A100");
        for (var percent = 10; percent < 100; percent += 20)
        {
            rig.Time.Advance(_slowStart * (percent == 10 ? 0.1 : 0.2));
            Assert.InRange(rig.ShareOf("A") / full, (percent - 3) / 100.0, (percent + 3) / 100.0);
        }

        rig.Time.Advance(_slowStart);
        Assert.InRange(rig.ShareOf("A") / full, 0.97, 1.03);
    }

    [Theory]
    [MemberData(nameof(Spreading))]
    public void Newcomer_AmongManyAtAHundredFlowsASecond_NeverWaitsLongerThanASecond(string scheduler)
    {
        var rig = new SlowStartRig(scheduler, _slowStart, string.Join(' ', Enumerable.Range(0, 130).Select(i => $"{(char)('B' + (i / 26))}{(char)('A' + (i % 26))}10")));
        rig.Time.Advance(_slowStart);
        rig.Add("A10");
        var (waited, longest) = (0, 0);
        for (var flow = 0; flow < 100 * 100; flow++)
        {
            rig.Time.Advance(TimeSpan.FromMilliseconds(10));
            waited = rig.Next(flow) == "A" ? 0 : waited + 1;
            longest = Math.Max(longest, waited);
        }

        Assert.InRange(longest, 1, 100);
    }

    // Half of 52 are new: whoever waits longest comes first, so that nobody is forgotten for another one.
    [Theory]
    [MemberData(nameof(Spreading))]
    public void Newcomers_AreManyAtAThousandFlowsASecond_NobodyWaitsMuchLongerThanASecond(string scheduler)
    {
        static string Pool(char first) => string.Join(' ', Enumerable.Range(0, 26).Select(i => $"{first}{(char)('A' + i)}10"));
        var rig = new SlowStartRig(scheduler, _slowStart, Pool('B'));
        rig.Time.Advance(_slowStart);
        rig.Add(Pool('A'));
        var last = Enumerable.Range(0, 26).ToDictionary(i => $"A{(char)('A' + i)}", _ => 0);
        var longest = 0;
        for (var flow = 0; flow < 10_000; flow++)
        {
            rig.Time.Advance(TimeSpan.FromMilliseconds(1));
            var id = rig.Next(flow);
            if (last.TryGetValue(id, out var before))
            {
                longest = Math.Max(longest, flow - before);
                last[id] = flow;
            }
        }

        Assert.InRange(last.Values.Min(), 8_700, 10_000);
        Assert.InRange(longest, 1, 1_300);
    }

    [Theory]
    [MemberData(nameof(Deterministic))]
    public void Explain_WhileRamping_NamesTheOneThatIsThenPicked(string scheduler)
    {
        var rig = new SlowStartRig(scheduler, _slowStart, "B10 C20 D10");
        rig.Time.Advance(_slowStart);
        rig.Add(IsInOrder(scheduler) ? "A100" : "A10");
        var held = 0;
        for (var flow = 0; flow < 1_000; flow++)
        {
            rig.Time.Advance(TimeSpan.FromMilliseconds(30));
            var explained = rig.Explain(flow);
            held += explained.Candidates.Count(c => c.Verdict == Verdict.StartsSlowly);

            Assert.Equal(rig.Next(flow), explained.Chosen!.Id);
            Assert.Equal(Verdict.Chosen, explained.Candidates.Single(c => c.Destination.Id == explained.Chosen.Id).Verdict);
            Assert.Equal("ABCD", string.Concat(explained.Candidates.Select(c => c.Destination.Id).Order()));
        }

        Assert.InRange(held, 20, 999);
    }

    [Fact]
    public void Explain_HeldBackOrWaitedLong_SaysSo()
    {
        var rig = new SlowStartRig("wlc", _slowStart, "B10");
        rig.Time.Advance(_slowStart);
        rig.Add("A10");
        for (var flow = 0; flow < 20; flow++)
        {
            rig.Next(flow);
        }

        var held = rig.Explain(1);
        rig.Time.Advance(TimeSpan.FromSeconds(1));
        var late = rig.Explain(1);

        Assert.Equal(("B", Verdict.StartsSlowly), (held.Chosen!.Id, held.Candidates.Single(c => c.Destination.Id == "A").Verdict));
        Assert.EndsWith("; slow start holds back 1", held.Rule, StringComparison.Ordinal);
        Assert.Equal(("A", "slow start: no flow for 900 ms"), (late.Chosen!.Id, late.Rule));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void NewPool_AsAWhole_IsNotHeldBack(string scheduler)
    {
        var ramping = new SlowStartRig(scheduler, _slowStart, "A100 B200 C100");
        var settled = new SlowStartRig(scheduler, TimeSpan.Zero, "A100 B200 C100");

        var picks = Enumerable.Range(0, 500).Select(ramping.Next).ToList();

        Assert.Equal(Enumerable.Range(0, 500).Select(settled.Next), picks);
    }

    [Fact]
    public void MostOfThePoolIsNew_TheOthersGetTwiceTheirShareAtMost()
    {
        var rig = new SlowStartRig("rr", _slowStart, "B1");
        rig.Time.Advance(_slowStart);
        rig.Add("A1");
        rig.Add("C1");
        rig.Add("D1");

        Assert.InRange(rig.ShareOf("B"), 0.45, 0.52);
    }

    [Fact]
    public void OthersAreFull_TheNewcomerTakesWhatTheyCannot()
    {
        var rig = new SlowStartRig("rr", _slowStart, "B1 C1");
        rig.Edit("B", d => d with { MaxConnections = 1 });
        rig.Edit("C", d => d with { MaxConnections = 1 });
        rig.Time.Advance(_slowStart);
        rig.Add("A1");

        var picks = Enumerable.Range(0, 10).Select(_ => rig.Bind(0)!.Id).ToList();

        Assert.Equal(8, picks.Count(id => id == "A"));
    }

    [Fact]
    public void ByKey_AKeyThatMovedToTheNewcomerStaysThere()
    {
        var rig = new SlowStartRig("mh", _slowStart, "B1 C1");
        rig.Time.Advance(_slowStart);
        rig.Add("A1");
        var moved = new HashSet<int>();

        for (var step = 0; step < 12; step++)
        {
            var now = Enumerable.Range(0, 500).Where(client => rig.Next(client) == "A").ToHashSet();
            Assert.Superset(moved, now);
            moved = now;
            rig.Time.Advance(_slowStart / 10);
        }

        Assert.InRange(moved.Count, 120, 220);
    }

    [Fact]
    public void AgentAsksForPartOfASmallWeight_GetsThatPart()
    {
        var rig = new SlowStartRig("wrr", TimeSpan.Zero, "A1 B1");

        rig.Store.SetAgent(rig.Find("A"), new AgentWord(AgentOrder.Up, "", rig.Time.GetUtcNow()) { Share = 0.5 });

        Assert.InRange(rig.ShareOf("A"), 0.32, 0.34);
    }
}
