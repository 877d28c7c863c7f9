using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Telemetry;
using Gateway.Tests.Support;

namespace Gateway.Tests.Telemetry;

[Collection(MeasuredAlone.Name)]
public sealed class TelemetryListenerTests
{
    [Theory]
    [InlineData("/metrics", HttpStatusCode.OK)]
    [InlineData("/healthz", HttpStatusCode.OK)]
    [InlineData("/readyz", HttpStatusCode.OK)]
    [InlineData("/healthz?x=1", HttpStatusCode.OK)]
    [InlineData("/", HttpStatusCode.NotFound)]
    [InlineData("/Metrics", HttpStatusCode.NotFound)]
    [InlineData("/metrics/", HttpStatusCode.NotFound)]
    public async Task Get_Path_HasItsStatus(string path, HttpStatusCode expected)
    {
        await using var host = await TelemetryHost.StartAsync();

        using var response = await host.Client.GetAsync(host.Url(path));

        Assert.Equal(expected, response.StatusCode);
        Assert.NotEmpty(await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Get_ForeignHostHeader_ChangesNothing()
    {
        await using var host = await TelemetryHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, host.Url("/healthz"));
        request.Headers.Host = "shop.example:80";

        using var response = await host.Client.SendAsync(request);

        Assert.Equal("ok\n", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Head_Page_IsLengthWithoutBody()
    {
        await using var host = await TelemetryHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Head, host.Url("/healthz"));

        using var response = await host.Client.SendAsync(request);

        Assert.Equal(3, response.Content.Headers.ContentLength);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    public async Task Send_OtherMethod_IsNotAllowed(string method)
    {
        await using var host = await TelemetryHost.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), host.Url("/metrics"));

        using var response = await host.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(["GET", "HEAD"], response.Content.Headers.Allow);
    }

    [Fact]
    public async Task Readyz_NotReady_SaysEveryReason()
    {
        var report = new ReadyReport(["no configuration applied", "draining"]);
        await using var host = await TelemetryHost.StartAsync(readings: new TelemetryReadings { Ready = () => report });

        using var response = await host.Client.GetAsync(host.Url("/readyz"));
        using var alive = await host.Client.GetAsync(host.Url("/healthz"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("no configuration applied\ndraining\n", await response.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
    }

    [Theory]
    [InlineData("*/*", "text/plain; version=0.0.4; charset=utf-8", false)]
    [InlineData(
        "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
        "application/openmetrics-text; version=1.0.0; charset=utf-8", true)]
    public async Task Metrics_AcceptHeader_DecidesTheFormat(string accept, string type, bool ends)
    {
        await using var host = await TelemetryHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, host.Url("/metrics"));
        request.Headers.TryAddWithoutValidation("Accept", accept);

        using var response = await host.Client.SendAsync(request);

        Assert.Equal(type, response.Content.Headers.ContentType!.ToString());
        var page = await response.Content.ReadAsStringAsync();
        Assert.Contains("\ngateway_build_info{", page, StringComparison.Ordinal);
        Assert.Equal(ends, page.EndsWith("\n# EOF\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Listen_SeveralAddresses_AllAnswer()
    {
        await using var host = await TelemetryHost.StartAsync(new TelemetryOptions
        {
            Listen = [new IPEndPoint(IPAddress.Loopback, 0), new IPEndPoint(IPAddress.IPv6Loopback, 0)],
        });

        var endPoints = host.Get<TelemetryListener>().EndPoints;

        Assert.Equal([AddressFamily.InterNetwork, AddressFamily.InterNetworkV6], endPoints.Select(e => e.AddressFamily));
        foreach (var endPoint in endPoints)
        {
            Assert.Equal("ok\n", await host.Client.GetStringAsync(new Uri($"http://{endPoint}/healthz")));
        }
    }

    [Fact]
    public async Task Listen_BothWildcardsOnOnePort_BothAnswer()
    {
        var port = FreePort.On(IPAddress.IPv6Any);
        await using var host = await TelemetryHost.StartAsync(new TelemetryOptions
        {
            Listen = [new IPEndPoint(IPAddress.Any, port), new IPEndPoint(IPAddress.IPv6Any, port)],
        });

        Assert.Equal("ok\n", await host.Client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/healthz")));
        Assert.Equal("ok\n", await host.Client.GetStringAsync(new Uri($"http://[::1]:{port}/healthz")));
    }

    [Fact]
    public async Task Listen_Nowhere_StartsWithoutListener()
    {
        await using var host = await TelemetryHost.StartAsync(new TelemetryOptions { Listen = [] });

        Assert.Empty(host.Get<TelemetryListener>().EndPoints);
    }

    [Fact]
    public async Task Send_HugeHeader_IsRefused()
    {
        await using var host = await TelemetryHost.StartAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(host.EndPoint);
        var request = $"GET /healthz HTTP/1.1\r\nHost: a\r\nX: {new string('x', 20_000)}\r\n\r\n";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));

        using var answer = new StreamReader(client.GetStream(), Encoding.ASCII);

        Assert.Equal("HTTP/1.1 431 Request Header Fields Too Large", await answer.ReadLineAsync());
    }

    [Fact]
    public async Task Get_WhenSilentConnectionsTakeAllTheRoom_AnswersAndKeepsTheOtherClients()
    {
        await using var host = await TelemetryHost.StartAsync();
        using var scraper = await ConnectAsync(IPAddress.Parse("127.0.0.2"));
        var silent = new List<TcpClient>();
        try
        {
            for (var i = 0; i < TelemetryListener.MostConnections + 20; i++)
            {
                silent.Add(await ConnectAsync(IPAddress.Parse("127.0.0.3")));
            }

            // The first of those that took too much made room for the last.
            await Assert.ThrowsAsync<IOException>(() => silent[0].GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
            Assert.Equal("ok\n", await host.Client.GetStringAsync(host.Url("/healthz")));
            await scraper.GetStream().WriteAsync("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
            using var answer = new StreamReader(scraper.GetStream(), Encoding.ASCII);
            Assert.Equal("HTTP/1.1 200 OK", await answer.ReadLineAsync());
        }
        finally
        {
            silent.ForEach(client => client.Dispose());
        }

        async Task<TcpClient> ConnectAsync(IPAddress from)
        {
            var client = new TcpClient(new IPEndPoint(from, 0));
            await client.ConnectAsync(host.EndPoint);
            return client;
        }
    }
}
