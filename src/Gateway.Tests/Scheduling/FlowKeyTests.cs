using System.Net;
using Gateway.Scheduling;

namespace Gateway.Tests.Scheduling;

public class FlowKeyTests
{
    [Theory]
    [InlineData("10.0.0.1", 39)]
    [InlineData("10.0.0.2", 137)]
    [InlineData("10.0.1.1", 240)]
    [InlineData("192.168.1.1", 136)]
    [InlineData("203.0.113.7", 124)]
    [InlineData("::ffff:203.0.113.7", 124)]
    public void OfAddress_HashedTo8Bits_IsTheKernelsBucket(string address, uint bucket) =>
        Assert.Equal(bucket, HashBuckets.Of(FlowKey.OfAddress(IPAddress.Parse(address)).Hash, 8));

    [Fact]
    public void OfAddress_IPv6_IsTheExclusiveOrOfItsWords() => Assert.Equal(
        0x20010db8u ^ 0x00000001u ^ 0x00020003u ^ 0x00040005u,
        FlowKey.OfAddress(IPAddress.Parse("2001:db8:0:1:2:3:4:5")).Hash);

    [Theory]
    [InlineData("10.1.2.3", "10.1.2.0", 24, 128)]
    [InlineData("::ffff:10.1.2.3", "10.1.2.0", 24, 0)]
    [InlineData("10.1.2.19", "10.1.2.16", 28, 128)]
    [InlineData("10.1.2.3", "0.0.0.0", 0, 128)]
    [InlineData("10.1.2.3", "10.1.2.3", 32, 0)]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", 32, 64)]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1::", 32, 48)]
    [InlineData("2001:db8:1:2:f3:4:5:6", "2001:db8:1:2:f0::", 32, 76)]
    [InlineData("2001:db8:1:2:3:4:5:6", "::", 32, 0)]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", 0, 128)]
    public void OfAddress_UnderAMask_IsTheKeyOfTheNetwork(string address, string network, int mask4, int mask6) =>
        Assert.Equal(FlowKey.OfAddress(IPAddress.Parse(network)), FlowKey.OfAddress(IPAddress.Parse(address), mask4, mask6));

    [Fact]
    public void OfAddress_NoneAndZero_AreDifferent()
    {
        Assert.True(FlowKey.OfAddress(null).IsEmpty);
        Assert.False(FlowKey.OfAddress(IPAddress.Any).IsEmpty);
    }

    [Fact]
    public void OfText_LongText_IsTheHashOfItsBytes()
    {
        var text = string.Concat(Enumerable.Repeat("/häuser/", 40));
        var expected = System.Text.Encoding.UTF8.GetBytes(text)
            .Aggregate(14695981039346656037, (hash, b) => (hash ^ b) * 1099511628211);

        Assert.Equal(expected, FlowKey.OfText(text).Identity);
    }
}
