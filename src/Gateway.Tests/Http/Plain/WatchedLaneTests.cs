using Gateway.Tests.Support;
using Gateway.Tests.Telemetry;
using static Gateway.Tests.Http.Plain.LaneRig;

namespace Gateway.Tests.Http.Plain;

/// <summary>The plain lane is off where each request is to be seen by what sees those of the pipeline.</summary>
/// <remarks>Alone: who listens for traces has every request of the process traced.</remarks>
[Collection(MeasuredAlone.Name)]
public sealed class WatchedLaneTests
{
    [LinuxTheory]
    [InlineData(""" "AllowedHosts": "b.example", """, 400)]
    [InlineData(""" "Telemetry": { "Listen": "127.0.0.1:0", "AccessLog": { "Enabled": true } }, "Logging": { "LogLevel": { "Microsoft.AspNetCore.Hosting.Diagnostics": "Error" } }, """, 200)]
    [InlineData(""" "Telemetry": { "Listen": "127.0.0.1:0", "Meters": [ "Microsoft.AspNetCore.Hosting" ] }, """, 200)]
    [InlineData(""" "Telemetry": { "Listen": "127.0.0.1:0", "Meters": [ "x", "microsoft.*" ] }, """, 200)]
    [InlineData(""" "Telemetry": { "Listen": "127.0.0.1:0", "Meters": [ "*" ] }, """, 200)]
    [InlineData(""" "Telemetry": { "Listen": "127.0.0.1:0", "Meters": [ "?icrosoft.AspNetCore.Hosting" ] }, """, 200)]
    [InlineData(""" "Telemetry": { "Listen": "127.0.0.1:0", "Otlp": { "Endpoint": "http://127.0.0.1:1", "Metrics": false } }, """, 200)]
    [InlineData(""" "Logging": { "LogLevel": { "Microsoft.AspNetCore.Hosting.Diagnostics": "Information" } }, """, 200)]
    public async Task SomebodyWantsToSeeEveryRequest_LaneIsOff(string more, int status)
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await RunningGateway.StartAsync(
            Lane.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)]).Insert(1, more)));
        using var client = await ConnectAsync(gateway);

        await client.SendAsync("GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n");

        Assert.Equal(status, (await client.Reader.ReadAnswerAsync()).Status);
        Assert.Equal(0, Counts(gateway).Lane);
    }
}
