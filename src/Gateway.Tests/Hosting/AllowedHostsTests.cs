using System.Net;
using Gateway.Hosting;
using Gateway.Tests.Support;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Hosting;

public class AllowedHostsTests
{
    [Theory]
    [InlineData(null, "*")]
    [InlineData("", "*")]
    [InlineData(";", "*")]
    [InlineData("*", "*")]
    [InlineData("a.example;;b.example;", "a.example b.example")]
    public void Read_ValueWithoutAName_IsAll(string? value, string expected)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("AllowedHosts", value)]).Build();

        Assert.Equal(expected.Split(' '), AllowedHosts.Read(configuration));
        Assert.Equal(expected == "*", AllowedHosts.AreAll(configuration));
    }

    [Theory]
    [InlineData("")]
    [InlineData(";")]
    public async Task Requests_NoNameIsAllowed_AreAnsweredThroughKestrelAsOnThePlainLane(string value)
    {
        await using var destination = await HttpDestination.StartAsync("a");
        foreach (var lane in new[] { "true", "false" })
        {
            await using var gateway = await RunningGateway.StartAsync(Json.Proxy("rr", [Json.Destination("a", destination.Address)])
                .Insert(1, $$""" "AllowedHosts": "{{value}}", "Http": { "PlainLane": {{lane}} }, """));

            using var response = await gateway.Client.GetAsync("/");

            Assert.Equal((HttpStatusCode.OK, "a"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        }
    }
}
