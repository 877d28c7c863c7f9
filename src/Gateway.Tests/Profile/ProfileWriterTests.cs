using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using Gateway.Profile;

namespace Gateway.Tests.Profile;

public sealed class ProfileWriterTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid()}.mibc");
    private readonly ScannedAssembly _library = new(typeof(object).Assembly.Location);
    private readonly ProfileWriter _profile;

    public ProfileWriterTests() =>
        _profile = new ProfileWriter(_library.Types.ToLookup(type => type.Name, StringComparer.Ordinal));

    public void Dispose()
    {
        _library.Dispose();
        File.Delete(_file);
    }

    [Fact]
    public void Each_overload_with_as_many_parameters_is_a_method_of_the_instantiated_type()
    {
        Assert.True(_profile.Add(MethodName.Parse("System.Collections.Generic.List`1[System.DateTime]:Sort(int,int,byref)")));
        Assert.True(_profile.Add(MethodName.Parse("System.Array:IndexOf[System.__Canon](System.__Canon[],System.__Canon)")));
        _profile.Save(_file);

        using var file = new PEReader(File.OpenRead(_file));
        var metadata = file.GetMetadataReader();
        Assert.Equal(
            ["IndexOf", "Sort"],
            metadata.MemberReferences.Select(handle => metadata.GetString(metadata.GetMemberReference(handle).Name)).Order());
        Assert.Equal(
            ["Methods", "AssemblyDictionary"],
            metadata.MethodDefinitions.Select(handle => metadata.GetString(metadata.GetMethodDefinition(handle).Name)));
        Assert.Equal(1, metadata.GetTableRowCount(TableIndex.MethodSpec));
    }

    [Theory]
    [InlineData("System.Nothing:Go()")]
    [InlineData("System.Guid:Nothing()")]
    [InlineData("System.Collections.Generic.List`1[System.Nothing]:Clear()")]
    [InlineData("System.Collections.Generic.List`1[int]:Clear(int)")]
    public void What_is_no_more_is_left_out(string line) => Assert.False(_profile.Add(MethodName.Parse(line)));
}
