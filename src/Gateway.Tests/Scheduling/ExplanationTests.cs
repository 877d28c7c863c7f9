using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Tests.Scheduling;

public class ExplanationTests
{
    public static TheoryData<string> Deterministic =>
        [.. Schedulers.Names.Except(["twos", "Random", "PowerOfTwoChoices"])];

    public static TheoryData<string> ByChance => ["twos", "Random", "PowerOfTwoChoices"];

    [Theory]
    [MemberData(nameof(Deterministic))]
    public void Explain_BeforeEveryFlow_NamesTheOneThatIsThenPicked(string scheduler)
    {
        var pool = new Pool("A4 B0 C9 D6 E2", new SchedulerOptions { Name = scheduler, TableBits = 6 });
        pool.Probe("D", ProbeVerdict.Down);
        pool.Edit("E", e => e with { UpperThreshold = 3 });
        for (var i = 0; i < 60; i++)
        {
            var flow = Pool.From($"10.0.{i % 7}.{i}") with { Key = FlowKey.OfText($"{i % 9}") };

            var explained = pool.Scheduler.Explain(flow);
            var again = pool.Scheduler.Explain(flow);
            var picked = pool.Scheduler.Bind(flow);

            Assert.Equal(picked, explained.Chosen);
            Assert.Equal(picked, again.Chosen);
            Assert.Equal("ABCDE", string.Concat(explained.Candidates.Select(c => c.Destination.Id).Order()));
            Assert.Equal(picked is null ? 0 : 1, explained.Candidates.Count(c => c.Verdict == Verdict.Chosen));
        }
    }

    [Theory]
    [MemberData(nameof(ByChance))]
    public void Explain_ByChance_TellsTheChances(string scheduler)
    {
        var explanation = new Pool("A B3", scheduler).Scheduler.Explain(Pool.From("10.0.0.1"));

        Assert.Null(explanation.Chosen);
        Assert.Equal(1.0, explanation.Candidates.Sum(c => c.Compared));
        Assert.All(explanation.Candidates, c => Assert.Equal(Verdict.ByChance, c.Verdict));
    }

    [Fact]
    public void Explain_EveryReasonNotToBeReady_HasItsOwnWord()
    {
        var pool = new Pool("A B0 C D E F9", "wlc");
        pool.Probe("C", ProbeVerdict.Down);
        pool.Edit("D", d => d with { MaxConnections = 1 });
        pool.Edit("E", e => e with { UpperThreshold = 1 });
        pool.State("D").Bind();
        pool.State("E").Bind();
        pool.State("A").Bind();

        var explanation = pool.Scheduler.Explain(Pool.From("10.0.0.1"));

        Assert.Equal(
            [
                ("A", Verdict.Costlier), ("B", Verdict.Quiesced), ("C", Verdict.ProbeDown), ("D", Verdict.AtMaxConnections),
                ("E", Verdict.OverThreshold), ("F", Verdict.Chosen),
            ],
            explanation.Candidates.Select(c => (c.Destination.Id, c.Verdict)));
        Assert.Equal(257, explanation.Candidates[0].Compared);
    }

    [Fact]
    public void Explain_Tie_SaysThatTheListDecided()
    {
        var verdicts = new Pool("A B", "sed").Scheduler.Explain(Pool.From("10.0.0.1")).Candidates.Select(c => c.Verdict);

        Assert.Equal([Verdict.Chosen, Verdict.EqualButLater], verdicts);
    }

    [Fact]
    public void Explain_RememberedClient_SaysSo()
    {
        var pool = new Pool("A B", new SchedulerOptions { Name = "rr" }, new PersistenceOptions());
        pool.Picks([Pool.From("10.0.0.1"), Pool.From("10.0.0.2")]);

        var explanation = pool.Scheduler.Explain(Pool.From("10.0.0.2"));

        Assert.Equal("persistence: 10.0.0.2 is remembered", explanation.Rule);
        Assert.Equal([Verdict.RememberedElsewhere, Verdict.Chosen], explanation.Candidates.Select(c => c.Verdict));
    }

    [Fact]
    public void Explain_Backup_IsACandidateOnlyWhenNobodyElseIsReady()
    {
        var pool = new Pool("A B", "rr");
        pool.Edit("B", b => b with { Backup = true });
        Assert.Equal(Verdict.Backup, pool.Scheduler.Explain(Pool.From("10.0.0.1")).Candidates[1].Verdict);

        pool.Probe("A", ProbeVerdict.Down);

        var verdicts = pool.Scheduler.Explain(Pool.From("10.0.0.1")).Candidates.Select(c => c.Verdict);
        Assert.Equal([Verdict.ProbeDown, Verdict.Chosen], verdicts);
    }

    [Fact]
    public void Explain_BackupsOfSeveralRanks_TellsWhichServe()
    {
        var pool = new Pool("A B C", "rr");
        pool.Edit("B", b => b with { Backup = true, BackupRank = 2 });
        pool.Edit("C", c => c with { Backup = true });
        pool.Probe("A", ProbeVerdict.Down);

        var explanation = pool.Scheduler.Explain(Pool.From("10.0.0.1"));

        Assert.Equal("C", explanation.Chosen!.Id);
        Assert.Equal([("A", Verdict.ProbeDown), ("C", Verdict.Chosen), ("B", Verdict.Backup)],
            explanation.Candidates.Select(c => (c.Destination.Id, c.Verdict)));
    }

    [Fact]
    public void Decisions_SwitchedOn_KeepTheLastOnesOverAReload()
    {
        var pool = new Pool("A B", "rr");
        pool.Picks(1);
        pool.Scheduler.Decisions = new DecisionRing(2);

        pool.Picks(2);
        pool.Add("C");
        pool.Picks(1);

        var latest = pool.Scheduler.Decisions.Latest();
        Assert.Equal("BA", string.Concat(latest.Select(decision => decision.Chosen!.Id)));
        Assert.All(latest, decision => Assert.Equal(decision.Chosen, decision.Explanation.Chosen));
    }
}
