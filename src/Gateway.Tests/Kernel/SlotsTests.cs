using Gateway.Kernel.Services;

namespace Gateway.Tests.Kernel;

/// <summary>Slots, the schedulers of the kernel.</summary>
public class SlotsTests
{
    private static readonly uint[] _abc = ['A', 'B', 'C'];

    [Theory]
    [InlineData("1 1 1", 12, "ABCABCABCABC")]
    [InlineData("1 2 3", 12, "CBACBCCBACBC")]
    [InlineData("0 1 1", 6, "BCBCBC")]
    [InlineData("1 0 0", 4, "AAAA")]
    [InlineData("0 0 0", 4, "----")]
    [InlineData("1 1 1", 4, "ABCA")]
    public void Spread_Weights_AreInterleaved(string weights, int count, string expected) =>
        Assert.Equal(expected, Text(Slots.Spread(_abc, Weights(weights), count)));

    [Theory]
    [InlineData("ABCABCABCABC", "1 1 1", "ABCABCABCABC")]
    [InlineData("ABCABCABCABC", "1 0 1", "AACACCAACACC")]
    [InlineData("------", "1 1 0", "ABABAB")]
    [InlineData("ABABAB", "0 0 0", "------")]
    [InlineData("AAAAAA", "1 1 1", "ABACBC")]
    public void Adjust_Shares_MovesOnlyWhatMust(string before, string weights, string expected)
    {
        var after = Slots.Adjust([.. before.Select(letter => letter == '-' ? 0u : letter)], _abc, Weights(weights));

        Assert.Equal(
            expected.GroupBy(letter => letter).OrderBy(group => group.Key).Select(group => (group.Key, group.Count())),
            Text(after).GroupBy(letter => letter).OrderBy(group => group.Key).Select(group => (group.Key, group.Count())));
        Assert.Equal(Moved(before, expected), Moved(before, Text(after)));
    }

    [Fact]
    public void Adjust_OneOfAThousandGoes_MovesItsSlotsOnly()
    {
        uint[] ids = [.. Enumerable.Range(1, 1000).Select(i => (uint)i)];
        double[] weights = [.. ids.Select(_ => 1.0)];
        var before = Slots.Spread(ids, weights, Slots.Many);
        weights[499] = 0;

        var after = Slots.Adjust(before, ids, weights);

        Assert.DoesNotContain(500u, after);
        Assert.Equal(before.Count(id => id == 500), before.Zip(after).Count(pair => pair.First != pair.Second));
        Assert.True(after.CountBy(id => id).All(share => share.Value is 27 or 28));
    }

    private static double[] Weights(string text) =>
        [.. text.Split(' ').Select(word => double.Parse(word, System.Globalization.CultureInfo.InvariantCulture))];

    private static string Text(uint[] slots) => string.Concat(slots.Select(id => id == 0 ? '-' : (char)id));

    private static int Moved(string before, string after) => before.Zip(after).Count(pair => pair.First != pair.Second);
}
