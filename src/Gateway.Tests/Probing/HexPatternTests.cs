using Gateway.Probing.Answers;

namespace Gateway.Tests.Probing;

public class HexPatternTests
{
    [Theory]
    [InlineData("05 00", "0500", 2)]
    [InlineData("05 00", "050001", 2)]
    [InlineData("05 00", "05", 1)]
    [InlineData("05 00", "", 0)]
    [InlineData("05 00", "0501", 1)]
    [InlineData("16 03 ?? 0?", "1603ff0a", 4)]
    [InlineData("16 03 ?? 0?", "1603ff1a", 3)]
    [InlineData("?f", "0f", 1)]
    [InlineData("?f", "f0", 0)]
    [InlineData("F?f?", "fAFb", 2)]
    public void CommonPrefixLength_Pattern_CountsBytesThatFit(string pattern, string answer, int length) =>
        Assert.Equal(length, HexPattern.Parse(pattern).CommonPrefixLength(Convert.FromHexString(answer)));

    [Theory]
    [InlineData("0", "has half a byte too many")]
    [InlineData("00 0", "has half a byte too many")]
    [InlineData("0x", "holds 'x', which is no hexadecimal digit")]
    [InlineData("*0", "holds '*', which is no hexadecimal digit")]
    public void TryParse_NoPattern_SaysWhy(string text, string error)
    {
        Assert.False(HexPattern.TryParse(text, out _, out var found));
        Assert.Equal(error, found);
    }

    [Theory]
    [InlineData("00 ff", true)]
    [InlineData("0? ff", false)]
    [InlineData("", true)]
    public void IsExact_Holes_AreSeen(string text, bool isExact) => Assert.Equal(isExact, HexPattern.Parse(text).IsExact);
}
