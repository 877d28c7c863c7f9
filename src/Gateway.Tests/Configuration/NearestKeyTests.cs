using Gateway.Configuration;

namespace Gateway.Tests.Configuration;

public class NearestKeyTests
{
    private static readonly string[] _known = ["Weight", "Host", "Health", "Backup", "rr", "wrr"];

    [Theory]
    [InlineData("Wieght", "Weight")]
    [InlineData("weigth", "Weight")]
    [InlineData("Weights", "Weight")]
    [InlineData("Heath", "Health")]
    [InlineData("rrr", "rr")]
    [InlineData("Colour", null)]
    [InlineData("Timeout", null)]
    public void Find_MistypedWord_GivesTheOneThatWasMeant(string word, string? expected) =>
        Assert.Equal(expected, NearestKey.Find(word, _known));

    [Fact]
    public void Suggest_NothingNear_ListsAll() => Assert.Equal("Use one of on, off.", NearestKey.Suggest("perhaps", ["on", "off"]));
}
