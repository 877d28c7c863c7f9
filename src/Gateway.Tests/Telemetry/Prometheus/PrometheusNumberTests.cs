using Gateway.Telemetry.Prometheus;

namespace Gateway.Tests.Telemetry.Prometheus;

public sealed class PrometheusNumberTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(-0.25, "-0.25")]
    [InlineData(1234567.5, "1234567.5")]
    [InlineData(1e21, "1E+21")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    public void Format_Double_IsWhatGoReads(double value, string expected) =>
        Assert.Equal(expected, PrometheusNumber.Format(value));

    [Fact]
    public void Format_LongBeyondDoublePrecision_IsExact() =>
        Assert.Equal("9007199254740993", PrometheusNumber.Format(9007199254740993));

    [Theory]
    [InlineData(1, "1.0")]
    [InlineData(0.005, "0.005")]
    [InlineData(1e-5, "1E-05")]
    public void Bound_Always_HasPointOrExponent(double bound, string expected) =>
        Assert.Equal(expected, PrometheusNumber.Bound(bound));
}
