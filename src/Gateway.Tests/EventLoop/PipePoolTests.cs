using Gateway.EventLoop;
using Gateway.Tests.Support;

namespace Gateway.Tests.EventLoop;

public sealed class PipePoolTests
{
    [LinuxFact]
    public void Take_ManyThatAreNotGivenBack_EndsSomewhere_AndGoesOnWhenOneIs()
    {
        using var pool = new PipePool();
        var taken = new List<Gateway.EventLoop.Pipe>();
        while (taken.Count < 10_000 && pool.Take() is { } pipe)
        {
            taken.Add(pipe);
        }

        Assert.InRange(taken.Count, 1, 256);
        pool.Return(taken[0]);
        var again = pool.Take();

        Assert.Same(taken[0], again);
        Assert.Null(pool.Take());
        taken.ForEach(pool.Return);
    }
}
