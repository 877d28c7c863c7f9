using FsCheck;
using FsCheck.Xunit;
using Gateway.Probing;

namespace Gateway.Tests.Probing;

public class RiseFallTests
{
    // Read down the columns: + is a good finding or an up destination, - a bad finding or a down one.
    [Theory]
    [InlineData(1, 1, "+-+-",
                      "+-+-")]
    [InlineData(2, 2, "++--++-+--",
                      "+++--++++-")]
    [InlineData(2, 3, "+--+---+-++",
                      "++++++----+")]
    [InlineData(3, 1, "+-++-+++",
                      "+------+")]
    [InlineData(3, 3, "-+-++-+++",
                      "--------+")]
    public void Observe_Sequence_GivesTheStableState(int rise, int fall, string findings, string states)
    {
        Assert.Equal(states, Play(new RiseFall(rise, fall, initiallyUp: false), findings));
        Assert.Equal(states, Play(new RiseFall(rise, fall, initiallyUp: true), findings));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void IsUp_BeforeTheFirstFinding_IsTheInitialState(bool initiallyUp) =>
        Assert.Equal(initiallyUp, new RiseFall(2, 2, initiallyUp).IsUp);

    // A verdict (!) is told once: the first finding, and each change after it.
    [Theory]
    [InlineData("++++", "!...")]
    [InlineData("----", "!...")]
    [InlineData("+--++", "!.!.!")]
    [InlineData("-+-++", "!...!")]
    public void Observe_Sequence_TellsEachVerdictOnce(string findings, string told)
    {
        var riseFall = new RiseFall(rise: 2, fall: 2, initiallyUp: true);

        Assert.Equal(told, string.Concat(findings.Select(f => riseFall.Observe(f == '+') ? '!' : '.')));
    }

    [Theory]
    [InlineData("+", 1)]
    [InlineData("-", 1)]
    [InlineData("+---", 3)]
    [InlineData("---+", 1)]
    public void InARow_Sequence_CountsTheLastRun(string findings, int inARow)
    {
        var riseFall = new RiseFall(2, 2, initiallyUp: false);
        Play(riseFall, findings);

        Assert.Equal(inARow, riseFall.InARow);
    }

    // The rule in words: the first finding is the state; it changes when the last rise or fall findings all deny it.
    [Property]
    public bool Observe_AnySequence_FollowsTheRule(bool[] findings, PositiveInt rise, PositiveInt fall, bool initiallyUp)
    {
        var (needUp, needDown) = (rise.Get % 5 + 1, fall.Get % 5 + 1);
        var riseFall = new RiseFall(needUp, needDown, initiallyUp);
        var expected = initiallyUp;
        for (var i = 0; i < findings.Length; i++)
        {
            riseFall.Observe(findings[i]);
            var need = expected ? needDown : needUp;
            var denied = i + 1 >= need && findings[(i + 1 - need)..(i + 1)].All(finding => finding != expected);
            expected = i == 0 ? findings[0] : expected ^ denied;
            if (riseFall.IsUp != expected)
            {
                return false;
            }
        }

        return true;
    }

    private static string Play(RiseFall riseFall, string findings) => string.Concat(findings.Select(finding =>
    {
        riseFall.Observe(finding == '+');
        return riseFall.IsUp ? '+' : '-';
    }));
}
