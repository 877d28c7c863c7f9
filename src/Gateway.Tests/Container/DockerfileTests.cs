using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Container;

[SupportedOSPlatform("linux")]
[Trait("Needs", "buildah")]
public sealed class DockerfileTests(GatewayImage image) : IClassFixture<GatewayImage>, IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _configuration = Directory.CreateTempSubdirectory("gateway-container-");

    public void Dispose() => _configuration.Delete(recursive: true);

    [BuildahFact]
    public async Task Image_Built_DeclaresUserPortsHealthAndStopSignal()
    {
        var name = await image.BuildAsync();

        using var document = JsonDocument.Parse(await Buildah.RunAsync("inspect", "--type", "image", name));
        var config = document.RootElement.GetProperty("Docker").GetProperty("config");

        Assert.Equal("1654", config.GetProperty("User").GetString());
        Assert.Equal("/etc/gateway", config.GetProperty("WorkingDir").GetString());
        Assert.Equal("SIGTERM", config.GetProperty("StopSignal").GetString());
        Assert.Equal(
            ["8080/tcp", "9464/tcp"],
            config.GetProperty("ExposedPorts").EnumerateObject().Select(port => port.Name).Order());
        Assert.Equal(
            ["CMD", "/app/Gateway", "health"],
            config.GetProperty("Healthcheck").GetProperty("Test").EnumerateArray().Select(word => word.GetString()));
        Assert.Equal("MIT", config.GetProperty("Labels").GetProperty("org.opencontainers.image.licenses").GetString());
    }

    [BuildahFact]
    public async Task Image_Run_ServesWithoutRightsAndEndsOnTerm()
    {
        using var deadline = new CancellationTokenSource(_patience);
        var name = await image.BuildAsync();
        await using var destination = await StartDestinationAsync();
        var (front, health) = (FreePort(), FreePort());
        WriteConfiguration(front, destination.Urls.Single());

        await using var container = await RunningContainer.StartAsync(
            name, _configuration.FullName, "run", $"--Telemetry:Listen=127.0.0.1:{health}");
        await WaitForAsync(container, new Uri($"http://127.0.0.1:{health}/healthz"), deadline.Token);
        using var client = new HttpClient();
        var answer = await client.GetStringAsync(new Uri($"http://127.0.0.1:{front}/"), deadline.Token);

        Assert.Equal("the destination", answer);
        Assert.StartsWith("1654", container.Status()["Uid"], StringComparison.Ordinal);
        Assert.Equal("0000000000000000", container.Status()["CapEff"]);
        Assert.Equal(0, await container.ExecuteAsync("health", $"http://127.0.0.1:{health}/healthz"));
        Assert.Equal(0, await container.TerminateAsync(deadline.Token));
        Assert.Equal(1, await container.ExecuteAsync("health", $"http://127.0.0.1:{health}/healthz"));
    }

    private static async Task<WebApplication> StartDestinationAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var destination = builder.Build();
        destination.Run(context => context.Response.WriteAsync("the destination"));
        await destination.StartAsync();
        return destination;
    }

    private void WriteConfiguration(int port, string destination)
    {
        // The image's user is none of the host's.
        File.SetUnixFileMode(_configuration.FullName, (UnixFileMode)0b111_101_101);
        File.WriteAllText(
            Path.Combine(_configuration.FullName, "appsettings.json"),
            $$"""
              {
                "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.1:{{port}}" } } },
                "ReverseProxy": {
                  "Routes": { "all": { "ClusterId": "web", "Match": { "Path": "{**catch-all}" } } },
                  "Clusters": { "web": { "Destinations": { "a": { "Address": "{{destination}}" } } } }
                }
              }
              """);
    }

    private static async Task WaitForAsync(RunningContainer container, Uri address, CancellationToken deadline)
    {
        using var client = new HttpClient();
        while (true)
        {
            try
            {
                using var response = await client.GetAsync(address, deadline);
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"{address} did not answer within {_patience}. Gateway said:\n{container.Log}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
