using System.Globalization;
using Gateway.Clusters;
using Gateway.Kernel.Services;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>Shares of new flows by which schedulers that compare loads are followed.</summary>
public class SteeringTests
{
    // a3:10/20 is destination a of weight 3 with 10 active and 20 inactive flows; a ! before it says that it may take none.
    [Theory]
    [InlineData("lc", "a1:30 b1:10 c1:20", "0 13 3")]
    [InlineData("lc", "a1:0 b5:0", "8 8")]
    [InlineData("lc", "a1:0/256 b1:0", "7.5 8.5")]
    [InlineData("lc", "a1:30 !b1:0 c1:20", "3 0 13")]
    [InlineData("wlc", "a1:10 b2:10", "2 14")]
    [InlineData("wlc", "a1:0 b3:0", "4 12")]
    [InlineData("sed", "a1:10 b2:10", "2 14")]
    [InlineData("nq", "a1:3 b3:0 c1:0", "0 3 1")]
    [InlineData("nq", "a1:10 b2:10", "2 14")]
    [InlineData("ovf", "a3:2 b2:0", "1 0")]
    [InlineData("ovf", "a3:3 b2:0", "0 1")]
    [InlineData("ovf", "a3:3 b2:2", "1 0")]
    [InlineData("fo", "a1:0 b3:9 c3:0", "0 1 0")]
    [InlineData("fo", "a1:0 !b3:0", "1 0")]
    [InlineData("wrr", "a1:9 b3:0 !c2:0", "1 3 0")]
    [InlineData("rr", "a1:9 b3:0", "1 1")]
    [InlineData("FirstAlphabetical", "b1:0 a1:9", "0 1")]
    [InlineData("lc", "!a1:0 !b1:0", "0 0")]
    [InlineData("ovf", "!a1:0 !b1:0", "0 0")]
    public void Shares_OfLoads_AreWhatLevelsThem(string scheduler, string loads, string expected)
    {
        var words = loads.Split(' ');
        var destinations = Destinations([.. words.Select(word => word.TrimStart('!'))]);

        var shares = Steering.Shares(scheduler, destinations, [.. words.Select(word => !word.StartsWith('!'))]);

        Assert.Equal(expected, string.Join(' ', shares.Select(share => Math.Round(share, 6).ToString(CultureInfo.InvariantCulture))));
    }

    [Theory]
    [InlineData("lc", true)]
    [InlineData("wlc", true)]
    [InlineData("sed", true)]
    [InlineData("nq", true)]
    [InlineData("wrr", false)]
    [InlineData("sh", false)]
    public void IsNeeded_WhereLoadsDecide(string scheduler, bool isNeeded) => Assert.Equal(isNeeded, Steering.IsNeeded(scheduler));

    private static Destination[] Destinations(string[] words)
    {
        var store = new ClusterStore(new FakeTime());
        store.Apply(
            [new ClusterOptions
            {
                Id = "web",
                Destinations = [.. words.Select(word => new DestinationOptions
                {
                    Id = word[..1], Address = new Uri($"tcp://10.77.0.{(int)word[0]}:80"), Weight = Number(word[1..word.IndexOf(':', StringComparison.Ordinal)]),
                })],
            }],
            []);
        Destination[] destinations = [.. store.Current.FindCluster("web")!.Destinations];
        foreach (var (destination, word) in destinations.Zip(words))
        {
            var flows = word[(word.IndexOf(':', StringComparison.Ordinal) + 1)..].Split('/');
            destination.State.Shift(Number(flows[0]), flows.Length > 1 ? Number(flows[1]) : 0);
        }

        return destinations;

        static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
    }
}
