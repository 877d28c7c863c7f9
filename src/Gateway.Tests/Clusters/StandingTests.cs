using Gateway.Clusters;

namespace Gateway.Tests.Clusters;

public class StandingTests
{
    private static readonly DateTimeOffset _now = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    // Words are written short: p+ p- p? probe up, down, pending; e ejected; a+ ad am a- agent up, drain, maintenance, down;
    // up dr mt a person's up, drain, maintenance; w0 a person's weight 0.
    [Theory]
    [InlineData("", "InService", "Configured", "")]
    [InlineData("p+", "InService", "Configured", "")]
    [InlineData("p-", "Out", "Probe", "probe down: TimedOut")]
    [InlineData("p?", "Out", "Probe", "no probe has ended yet")]
    [InlineData("p+ e", "Out", "Passive", "ejected: 5 times reset")]
    [InlineData("p+ ad", "Draining", "Agent", "agent says drain: leaving")]
    [InlineData("p+ am", "Out", "Agent", "agent says maintenance: leaving")]
    [InlineData("p- ad", "Out", "Probe", "probe down: TimedOut; agent says drain: leaving")]
    [InlineData("p+ a+ dr", "Draining", "Admin", "drain by anna: kernel")]
    [InlineData("p- dr", "Out", "Probe", "probe down: TimedOut; drain by anna: kernel")]
    [InlineData("p+ mt", "Out", "Admin", "maintenance by anna: kernel")]
    [InlineData("p- e mt", "Out", "Admin", "maintenance by anna: kernel; probe down: TimedOut; ejected: 5 times reset")]
    [InlineData("p- e a- up", "InService", "Admin", "up by anna: kernel")]
    [InlineData("p? up", "InService", "Admin", "up by anna: kernel")]
    [InlineData("p+ w0", "Draining", "Configured", "weight 0 by anna")]
    [InlineData("p- up w0", "Draining", "Configured", "weight 0 by anna")]
    public void Judge_Words_GiveOneResultWithItsReasons(string words, string availability, string decidedBy, string reason)
    {
        var judgement = Standing(words).Judge(3, initiallyUp: false, _now);

        Assert.Equal((availability, decidedBy, reason),
            (judgement.Availability.ToString(), judgement.DecidedBy.ToString(), judgement.Reason));
        Assert.Equal(availability == "InService" ? 3 : 0, judgement.Weight);
    }

    [Theory]
    [InlineData(3, null, 1.0, null, 3)]
    [InlineData(3, null, 0.5, null, 1.5)]
    [InlineData(3, null, 0.0, null, 0)]
    [InlineData(3, 20, 1.0, null, 20)]
    [InlineData(60000, null, 2.0, null, 65535)]
    [InlineData(0, 20, 1.0, null, 0)] // Quiesced in the configuration is a person's word too.
    [InlineData(3, 20, 1.0, 7, 7)]
    public void Judge_Weights_APersonsThenTheAgentsThenTheConfigured(
        int configured, int? agents, double share, int? persons, double expected)
    {
        var standing = Standing("p+") with
        {
            Agent = new AgentWord(AgentOrder.Up, "", _now) { Weight = agents, Share = share },
            PersonsWeight = persons is null ? null : new WeightWord(persons.Value, "anna", _now),
        };

        Assert.Equal(expected, standing.Judge(configured, initiallyUp: false, _now).Weight);
    }

    [Fact]
    public void Judge_AgentAsksForPart_APersonsUpGivesAll()
    {
        var standing = Standing("up") with { Agent = new AgentWord(AgentOrder.Drain, "", _now) { Share = 0.1 } };

        Assert.Equal(3, standing.Judge(3, initiallyUp: false, _now).Weight);
    }

    [Theory]
    [InlineData("p-", "InService")]
    [InlineData("e", "InService")]
    [InlineData("a-", "InService")]
    [InlineData("p- mt", "Out")]
    [InlineData("p- dr", "Draining")]
    public void Judge_InPanic_OnlyMachinesHaveNoSay(string words, string availability) =>
        Assert.Equal(availability, Standing(words).Judge(1, false, _now, panic: true).Availability.ToString());

    [Fact]
    public void Judge_DrainWithStickyUntil_WelcomesKnownClientsUntilThen()
    {
        var standing = Standing("p+") with
        {
            Admin = new AdminWord(AdminOrder.Drain, "anna", "", _now) { StickyUntil = _now + TimeSpan.FromMinutes(1) },
        };

        Assert.True(standing.Judge(1, false, _now).WelcomesKnown);
        Assert.False(standing.Judge(1, false, _now + TimeSpan.FromMinutes(1)).WelcomesKnown);
    }

    [Fact]
    public void AdminWord_LongTexts_AreCut()
    {
        var word = new AdminWord(AdminOrder.Up, new string('a', 5000), new string('b', 5000), _now);

        Assert.Equal((AdminWord.MostCharacters, AdminWord.MostCharacters), (word.Who.Length, word.Why.Length));
    }

    private static Standing Standing(string words)
    {
        var standing = Gateway.Clusters.Standing.Unprobed;
        foreach (var word in words.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            standing = word switch
            {
                "p+" => standing with { Probe = ProbeVerdict.Up, ProbeReason = "Passed" },
                "p-" => standing with { Probe = ProbeVerdict.Down, ProbeReason = "TimedOut" },
                "p?" => standing with { Probe = ProbeVerdict.Pending },
                "e" => standing with { Passive = new PassiveWord("5 times reset", _now, _now.AddSeconds(30)) },
                "w0" => standing with { PersonsWeight = new WeightWord(0, "anna", _now) },
                _ when word[0] == 'a' => standing with
                {
                    Agent = new AgentWord(
                        word[1] switch { '+' => AgentOrder.Up, 'd' => AgentOrder.Drain, 'm' => AgentOrder.Maintenance, _ => AgentOrder.Down },
                        "leaving", _now),
                },
                _ => standing with
                {
                    Admin = new AdminWord(
                        word switch { "up" => AdminOrder.Up, "dr" => AdminOrder.Drain, _ => AdminOrder.Maintenance },
                        "anna", "kernel", _now),
                },
            };
        }

        return standing;
    }
}
