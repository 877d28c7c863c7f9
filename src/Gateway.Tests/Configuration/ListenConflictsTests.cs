using Gateway.Tests.Support;

namespace Gateway.Tests.Configuration;

public class ListenConflictsTests
{
    [Theory]
    [InlineData("127.0.0.1:9464", "is taken by Telemetry:Listen, 0.0.0.0:9464 by default")]
    [InlineData("0.0.0.0:3636", "is taken by Management:Listen, 127.0.0.1:3636 by default")]
    public void Check_PortThatIsTakenByDefault_IsAnErrorOfWhatIsWritten(string address, string rule)
    {
        foreach (var (key, value) in new[] { ("VirtualServers:smtp:Listen:0", address), ("Kestrel:Endpoints:Http:Url", $"http://{address}") })
        {
            var error = Assert.Single(new ConfigurationText().With(key, $"\"{value}\"").Load().Errors);

            Assert.Equal((key, rule), (error.Key, error.Rule));
            Assert.Contains(rule.Split(' ')[3].TrimEnd(','), error.Remedy, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Telemetry:Listen", "127.0.0.1:9464")]
    [InlineData("Management:Listen", "127.0.0.1:3636")]
    public void Check_DefaultThatIsReplaced_TakesNoPort(string key, string address)
    {
        var text = new ConfigurationText().With("VirtualServers:smtp:Listen:0", $"\"{address}\"");

        Assert.Empty(text.With(key, "[]").Load().Errors);
        Assert.Empty(text.With(key, "\"127.0.0.1:9999\"").Load().Errors);
    }

    [Fact]
    public void Check_UdpPortOfADefault_IsFree() => Assert.Empty(new ConfigurationText()
        .With("VirtualServers:smtp:Listen:0", "\"127.0.0.1:9464\"").With("VirtualServers:smtp:Protocol", "\"udp\"").Load().Errors);
}
