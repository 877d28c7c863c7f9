using System.Net;
using Gateway.Relay;

namespace Gateway.Tests.Relay;

public class ClientCountsTests
{
    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", false)]
    [InlineData("192.0.2.1", "192.0.2.2", true)]
    [InlineData("2001:db8::1", "2001:db8::2", false)] // one network of 64 bits
    [InlineData("2001:db8:0:1::1", "2001:db8:0:2::1", true)]
    [InlineData("0.0.0.0", "::", true)]
    public void TryAdd_SecondConnection_CountsForTheSameClientOnly(string first, string second, bool expected)
    {
        var counts = new ClientCounts();

        Assert.True(counts.TryAdd(IPAddress.Parse(first), 1));
        Assert.Equal(expected, counts.TryAdd(IPAddress.Parse(second), 1));

        counts.Remove(IPAddress.Parse(first));
        Assert.True(counts.TryAdd(IPAddress.Parse(first), 1));
    }

    [Fact]
    public void TryAdd_FromManyThreads_NeverExceedsTheLimit()
    {
        var counts = new ClientCounts();
        var client = IPAddress.Parse("192.0.2.1");

        var taken = ParallelEnumerable.Range(0, 10_000).Count(_ => counts.TryAdd(client, 100));
        Assert.Equal(100, taken);
        ParallelEnumerable.Range(0, 100).ForAll(_ => counts.Remove(client));

        Assert.Equal(100, ParallelEnumerable.Range(0, 10_000).Count(_ => counts.TryAdd(client, 100)));
    }
}
