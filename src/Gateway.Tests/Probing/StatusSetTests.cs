using Gateway.Probing.Answers;

namespace Gateway.Tests.Probing;

public class StatusSetTests
{
    [Theory]
    [InlineData("200-299,401", "200 204 299 401", "199 300 400 402 500")]
    [InlineData("200", "200", "201 199")]
    [InlineData(" 200 - 204 , 301 ", "200 203 204 301", "205 300 302")]
    [InlineData("100-999", "100 200 503 999", "99 1000")]
    [InlineData("204-204", "204", "203 205")]
    public void Contains_Status_IsAsWritten(string text, string inside, string outside)
    {
        Assert.True(StatusSet.TryParse(text, out var set, out var error), error);

        Assert.All(inside.Split(' '), status => Assert.True(set.Contains(int.Parse(status)), status));
        Assert.All(outside.Split(' '), status => Assert.False(set.Contains(int.Parse(status)), status));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2xx")]
    [InlineData("200,")]
    [InlineData("-299")]
    [InlineData("99")]
    [InlineData("1000")]
    [InlineData("200--299")]
    [InlineData("+200")]
    public void TryParse_NotAStatus_SaysWhichPart(string text)
    {
        Assert.False(StatusSet.TryParse(text, out _, out var error));

        Assert.Contains($"'{text.Split(',')[^1]}' is not a status code", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_RangeBackwards_SaysSo()
    {
        Assert.False(StatusSet.TryParse("401,299-200", out _, out var error));

        Assert.Equal("'299-200' ends before it begins", error);
    }

    [Fact]
    public void ToString_Set_IsInShortForm() => Assert.Equal("200-299,401", StatusSet.Parse("200 - 299, 401").ToString());
}
