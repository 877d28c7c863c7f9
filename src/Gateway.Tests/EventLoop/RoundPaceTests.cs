using Gateway.EventLoop;

namespace Gateway.Tests.EventLoop;

public sealed class RoundPaceTests
{
    private const int Limit = 16;

    private RoundPace _pace;

    [Fact]
    public void Took_OneAtATime_AsksOnce()
    {
        for (var round = 10L; round < 100; round += 10)
        {
            Assert.Equal(1, _pace.Most);
            _pace.Took(1, round, round - 1, Limit);
        }
    }

    [Fact]
    public void Took_StillSomeInTheNextRound_AsksTwiceAsOften_UpToTheLimit()
    {
        var asked = new List<int>();
        for (var round = 1L; round < 8; round++)
        {
            asked.Add(_pace.Most);
            _pace.Took(_pace.Most, round, round - 1, Limit);
        }

        Assert.Equal([1, 1, 2, 4, 8, 16, 16], asked);
    }

    [Fact]
    public void Took_RoundsBetweenHadNoRoomToTellOfIt_AsksTwiceAsOften()
    {
        // The kernel tells of 512 sockets in a round, and the others have their turn first.
        _pace.Took(1, 1, 0, Limit);
        _pace.Took(1, 4, 0, Limit);
        _pace.Took(2, 7, 0, Limit);

        Assert.Equal(4, _pace.Most);
    }

    [Fact]
    public void Took_LessThanAsked_AsksForAsMuchNextTime()
    {
        _pace.Took(1, 1, 0, Limit);
        _pace.Took(1, 2, 1, Limit);
        _pace.Took(2, 3, 2, Limit);
        Assert.Equal(4, _pace.Most);

        _pace.Took(3, 4, 3, Limit);
        Assert.Equal(3, _pace.Most);
        _pace.Took(0, 5, 4, Limit);
        Assert.Equal(1, _pace.Most);
    }
}
