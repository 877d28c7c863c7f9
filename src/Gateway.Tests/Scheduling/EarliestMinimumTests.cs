using FsCheck.Xunit;
using Gateway.Scheduling;

namespace Gateway.Tests.Scheduling;

public class EarliestMinimumTests
{
    [Property(MaxTest = 300)]
    public void IndexOf_AnyValues_IsTheFirstOfTheSmallest(byte[] bytes)
    {
        var values = bytes.Concat(bytes).Select(b => b > 250 ? double.PositiveInfinity : b % 16).ToArray();
        var smallest = values.DefaultIfEmpty(double.PositiveInfinity).Min();

        Assert.Equal(
            double.IsPositiveInfinity(smallest) ? -1 : Array.IndexOf(values, smallest), EarliestMinimum.IndexOf(values));
    }

    [Theory]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(100)]
    [InlineData(1003)]
    public void IndexOf_MinimumAtEveryPlace_IsFound(int length)
    {
        for (var i = 0; i < length; i++)
        {
            var values = new double[length];
            Array.Fill(values, 7);
            values[i] = -3;
            values[^1] = -3;

            Assert.Equal(i, EarliestMinimum.IndexOf(values));
        }
    }
}
