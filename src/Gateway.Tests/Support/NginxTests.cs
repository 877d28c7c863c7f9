using System.Net;

namespace Gateway.Tests.Support;

public class NginxTests
{
    [NeedsTheory("nginx")]
    [InlineData("127.0.0.246")]
    [InlineData("::1")]
    public async Task Start_KilledAndStartedAgain_AnswersWithItsName(string address)
    {
        await using var nginx = await Nginx.StartAsync("a", IPAddress.Parse(address));
        using var client = new HttpClient();
        var url = new Uri($"http://{nginx.EndPoint}/");

        Assert.Equal("a", await client.GetStringAsync(url));
        await nginx.KillAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(url));
        await nginx.StartAgainAsync();
        Assert.Equal("a", await client.GetStringAsync(url));
    }
}
