using Gateway.Clusters;

namespace Gateway.Tests.Clusters;

public class SpreadCounterTests
{
    [Fact]
    public void Add_FromManyThreads_LosesNothing()
    {
        const int threads = 40;
        const int each = 10_000;
        var counter = new SpreadCounter();

        var all = Enumerable.Range(1, threads).Select(i => new Thread(() =>
        {
            for (var k = 0; k < each; k++)
            {
                counter.Add(i);
            }
        })).ToList();
        all.ForEach(thread => thread.Start());
        all.ForEach(thread => thread.Join());

        Assert.Equal(each * threads * (threads + 1) / 2, counter.Value);
    }
}
