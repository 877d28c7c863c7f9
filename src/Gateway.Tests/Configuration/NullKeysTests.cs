using System.Collections;
using System.Text;
using Gateway.Configuration;
using Gateway.Tests.Support;

namespace Gateway.Tests.Configuration;

public class NullKeysTests
{
    [Theory]
    [InlineData("ReverseProxy:Routes:other")]
    [InlineData("ReverseProxy:Clusters:other")]
    [InlineData("ReverseProxy:Clusters:web:Destinations:b")]
    [InlineData("ReverseProxy:Clusters:web:Probe")]
    [InlineData("VirtualServers:other")]
    [InlineData("Kestrel:Endpoints:Other")]
    [InlineData("Names")]
    public void Entry_ThatIsNull_IsNotThere(string key)
    {
        var with = new ConfigurationText().With(key, "null").Load();

        Assert.Empty(with.Errors);
        Assert.Equal(new ConfigurationText().Load().Configuration!.Revision, with.Configuration!.Revision);
    }

    [Theory]
    [InlineData("""{ "Urls": null }""", "Urls", "is not read by Gateway")]
    [InlineData("""{ "Kestrl": null }""", "Kestrl", "is not a known key")]
    [InlineData("""{ "Management": { "Listen": [ null ] } }""", "Management:Listen:0", "is null in a list")]
    [InlineData("""{ "Management": { "Listen": "0.0.0.0:1", "AllowPlainHttp": true, "Users": { "anna": null } } }""", "Management:Listen", "can be reached from other machines, and there is no login")]
    [InlineData("""{ "Management": { "Users": { "anna": "" } } }""", "Management:Users:anna:Password", "is missing")]
    [InlineData("""{ "VirtualServers": { "x": { "Listen": null, "ClusterId": null } } }""", "VirtualServers:x:Listen", "is missing")]
    public void Key_ThatIsNull_IsToldWhereItsAbsenceIsOrItIsUnknown(string json, string key, string rule)
    {
        var errors = new ConfigurationLoader().Load(Encoding.UTF8.GetBytes(json), "test.json").Errors;

        Assert.Contains(errors, error => error.Key == key && error.Rule == rule);
    }

    [Fact]
    public void Administrator_ThatIsNull_IsThatOfTheEnvironment()
    {
        var environment = new Hashtable { [AdminPassword.Variable] = "correct horse" };

        var loaded = new ConfigurationLoader(environment).Load("""{ "Management": { "Users": { "admin": null } } }"""u8.ToArray(), "test.json");

        Assert.Equal("admin", loaded.Configuration!.Section("Management:Users:admin").Text("Role"));
    }

    [Fact]
    public async Task Endpoint_ThatIsNull_LeavesKestrelWithoutOne()
    {
        await using var gateway = await RunningGateway.StartAsync("""{ "Kestrel": { "Endpoints": { "Http": null } } }""");

        Assert.Null(gateway.Client.BaseAddress);
    }
}
