using System.Net;
using System.Runtime.Versioning;
using System.Text.Json;
using Gateway.Tests.Support;

namespace Gateway.Tests.Container;

[SupportedOSPlatform("linux")]
[Trait("Needs", "buildah")]
public sealed class DockerfileTests(GatewayImage image) : IClassFixture<GatewayImage>, IDisposable
{
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
        var name = await image.BuildAsync();
        await using var destination = await HttpDestination.StartAsync("the destination");
        var (front, telemetry) = (FreePort.On(IPAddress.Loopback), FreePort.On(IPAddress.Loopback));
        var health = new Uri($"http://127.0.0.1:{telemetry}/healthz");
        WriteConfiguration(front, destination.Address);

        await using var container = await RunningContainer.StartAsync(
            name, _configuration.FullName, "run", $"--Telemetry:Listen=127.0.0.1:{telemetry}");
        await container.WaitUntilListeningAsync(telemetry);
        await container.WaitUntilListeningAsync(front);
        using var client = new HttpClient();
        var answer = await client.GetStringAsync(new Uri($"http://127.0.0.1:{front}/"));

        Assert.Equal("the destination", answer);
        Assert.StartsWith("1654", container.Status()["Uid"], StringComparison.Ordinal);
        Assert.Equal("0000000000000000", container.Status()["CapEff"]);
        var well = await container.ExecuteAsync("health", "--url", health.AbsoluteUri);
        Assert.True(well.ExitCode == 0, well.Errors);
        Assert.Equal(0, await container.TerminateAsync());
        var gone = await container.ExecuteAsync("health", "--url", health.AbsoluteUri);
        Assert.Contains("did not answer", gone.Errors, StringComparison.Ordinal);
        Assert.Equal(1, gone.ExitCode);
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
}
