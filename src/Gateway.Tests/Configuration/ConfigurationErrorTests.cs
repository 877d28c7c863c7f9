using Gateway.Configuration;

namespace Gateway.Tests.Configuration;

public class ConfigurationErrorTests
{
    [Fact]
    public void ToString_AllParts_AreOneLine() => Assert.Equal(
        "appsettings.json:12:34: Dns:Zone: 'a\\u000ab' is not a name. Write one.",
        new ConfigurationError("Dns:Zone", "a\nb", "is not a name", "Write one.", new Origin("appsettings.json", 12, 34)).ToString());

    [Fact]
    public void ToString_LongValue_IsCut()
    {
        var line = new ConfigurationError("Key", new string('x', 5000), "is long", "Cut it.").ToString();

        Assert.Equal($"Key: '{new string('x', 80)}…' is long. Cut it.", line);
    }
}
