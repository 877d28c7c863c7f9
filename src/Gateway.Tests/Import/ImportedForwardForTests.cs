using System.Globalization;
using System.Net;
using Gateway.Tests.Support;

namespace Gateway.Tests.Import;

/// <summary>HAProxy's rules about X-Forwarded-For, and its own header behind them, imported and asked for.</summary>
public class ImportedForwardForTests
{
    [Theory]
    [InlineData("", "192.0.2.1, 127.0.0.1")]
    [InlineData("http-request del-header X-Forwarded-For", "127.0.0.1")]
    [InlineData("http-request set-header X-Forwarded-For 192.0.2.2", "192.0.2.2, 127.0.0.1")]
    public async Task Forwardfor_RuleAboutTheHeader_TheClientIsAddedBehindIt(string rule, string received)
    {
        await using var app = await HttpDestination.StartAsync("app");
        var port = FreePort.On(IPAddress.Any).ToString(CultureInfo.InvariantCulture);
        var configuration = ImportCases.Import($"""
            defaults
              mode http
              option forwardfor
            listen f
              bind 127.0.0.1:{port}
              {rule}
              server a 127.0.0.1:{app.Port}
            """, "haproxy", "forwardfor").Configuration;
        await using var gateway = await RunningGateway.StartAsync(configuration);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{port}/") { Headers = { { "X-Forwarded-For", "192.0.2.1" } } };

        using var answer = await client.SendAsync(request);

        Assert.Equal([received], app.ForwardedFor.Select(value => value.Replace(",", ", ", StringComparison.Ordinal).Replace("  ", " ", StringComparison.Ordinal)));
    }
}
