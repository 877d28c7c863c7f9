using Gateway.Profile;

namespace Gateway.Tests.Profile;

public sealed class MethodNameTests
{
    [Fact]
    public void A_plain_method_is_read()
    {
        var method = MethodName.Parse("System.Guid:FormatGuid(System.Guid,bool)");

        Assert.Equal("System.Guid", method.Type.Name);
        Assert.Equal("FormatGuid", method.Name);
        Assert.Empty(method.Arguments);
        Assert.Equal(2, method.Parameters);
    }

    [Fact]
    public void What_generic_types_and_methods_are_made_of_is_read_to_any_depth()
    {
        var method = MethodName.Parse(
            "A.B`2+C[System.ValueTuple`2[System.__Canon,int],D[]]:System.I<T>.Go[char](E`1[byte],byref):this");

        Assert.Equal("A.B`2+C", method.Type.Name);
        Assert.Equal(["System.ValueTuple`2", "D"], method.Type.Arguments.Select(argument => argument.Name));
        Assert.Equal(["System.__Canon", "int"], method.Type.Arguments[0].Arguments.Select(argument => argument.Name));
        Assert.Equal(1, method.Type.Arguments[1].Rank);
        Assert.Equal("System.I<T>.Go", method.Name);
        Assert.Equal("char", Assert.Single(method.Arguments).Name);
        Assert.Equal(2, method.Parameters);
    }

    [Theory]
    [InlineData("")]
    [InlineData("System.Guid")]
    [InlineData("System.Span`1[int:Fill(int)")]
    public void What_is_no_method_is_refused(string line) =>
        Assert.Throws<FormatException>(() => MethodName.Parse(line));
}
