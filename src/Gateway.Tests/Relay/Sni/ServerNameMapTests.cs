using Gateway.Relay.Sni;

namespace Gateway.Tests.Relay.Sni;

public class ServerNameMapTests
{
    private static readonly ServerNameMap _map = new(
    [
        new("www.example.com", "exact"),
        new("*.example.com", "below"),
        new("*.deep.example.com", "deep"),
        new("*.EXAMPLE.org.", "letters"),
    ]);

    [Theory]
    [InlineData("www.example.com", "exact")]
    [InlineData("other.example.com", "below")]
    [InlineData("a.b.example.com", "below")]
    [InlineData("a.deep.example.com", "deep")]
    [InlineData("deep.example.com", "below")]
    [InlineData("a.example.org", "letters")]
    [InlineData("example.com", null)]
    [InlineData("badexample.com", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Find_Name_TakesExactThenTheLongestWildcard(string? name, string? cluster) =>
        Assert.Equal(cluster, _map.Find(name));

    [Fact]
    public void Find_WithAsterisk_EveryOtherNameHasIt()
    {
        var map = new ServerNameMap([new("a.example", "a"), new("*", "all")]);

        Assert.Equal(("a", "all", (string?)null), (map.Find("a.example"), map.Find("b"), map.Find(null)));
    }
}
