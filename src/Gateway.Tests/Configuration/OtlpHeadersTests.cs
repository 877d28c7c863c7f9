using Gateway.Configuration;

namespace Gateway.Tests.Configuration;

/// <summary>The SDK throws at, or never sends, what has a fault here.</summary>
public class OtlpHeadersTests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("a=b", null)]
    [InlineData("a=b, c=d,", null)]
    [InlineData("authorization=Basic%20eA==", null)]
    [InlineData("a=", null)]
    [InlineData("a=%zz", null)]
    [InlineData("token", "has a part without '='")]
    [InlineData("  ", "has a part without '='")]
    [InlineData("a=b,,", "has a part without '='")]
    [InlineData(",a=b", "has a part without '='")]
    [InlineData("a=x%2Cy", "has a part without '='")]
    [InlineData("=v", "has a name that is none of a header of requests")]
    [InlineData("a b=c", "has a name that is none of a header of requests")]
    [InlineData("é=b", "has a name that is none of a header of requests")]
    [InlineData("Content-Type=x", "has a name that is none of a header of requests")]
    [InlineData("a=b,a=c", "has a header twice")]
    [InlineData("a=x%0Ab", "has a value with a control character")]
    public void Fault_IsWhatTheExporterWouldFailBy(string? text, string? fault) => Assert.Equal(fault, OtlpHeaders.Fault(text));
}
