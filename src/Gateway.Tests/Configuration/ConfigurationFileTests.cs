using Gateway.Configuration;
using Gateway.Tests.Support;

namespace Gateway.Tests.Configuration;

public class ConfigurationFileTests
{
    [Fact]
    public void Find_Named_IsThatFileThoughItDoesNotExist()
    {
        Assert.Equal("/etc/gateway/a.json", ConfigurationFile.Find("/etc/gateway/a.json", "/work", "/app"));
        Assert.Equal("/work/b/a.json", ConfigurationFile.Find("b/a.json", "/work", "/app"));
    }

    [Fact]
    public void Find_NotNamed_PrefersTheWorkingDirectory()
    {
        using var folder = new TemporaryFolder();

        Assert.Equal("/app/appsettings.json", ConfigurationFile.Find(null, folder.Path, "/app"));
        File.WriteAllText(Path.Combine(folder.Path, "appsettings.json"), "{}");
        Assert.Equal(Path.Combine(folder.Path, "appsettings.json"), ConfigurationFile.Find(null, folder.Path, "/app"));
    }
}
