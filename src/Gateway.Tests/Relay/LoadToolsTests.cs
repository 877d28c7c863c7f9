using System.Globalization;
using System.Net;
using System.Text.Json;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <summary>Clients and servers of the field's own load tools, with a relay between.</summary>
public abstract class LoadToolsTests(string engine) : RelayTests(engine)
{
    private const long Bytes = 100_000_000;

    [NeedsTheory("iperf3")]
    [InlineData("127.0.0.1", "127.0.0.1", false)]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    [InlineData("::1", "::1", false)]
    [InlineData("::1", "::1", true)]
    [InlineData("127.0.0.1", "::1", false)]
    [InlineData("::1", "127.0.0.1", true)]
    public async Task Iperf3_InOneDirection_MovesAllBytes(string listen, string serve, bool isReverse)
    {
        var address = IPAddress.Parse(serve);
        var endPoint = new IPEndPoint(address, FreePort.On(address));
        await using var server = DebianProcess.Start("iperf3", "--server", "--bind", serve, "--port", Text(endPoint.Port), "--forceflush");
        await Eventually.TrueAsync(
            () => server.Output.Contains("Server listening", StringComparison.Ordinal) || server.HasExited, "iperf3 listens");
        await using var rig = NewRig();
        rig.Options = rig.Options with { Listen = [new IPEndPoint(IPAddress.Parse(listen), 0)] };
        await rig.RunAsync(endPoint);

        string[] direction = isReverse ? ["--reverse"] : [];
        await using var client = DebianProcess.Start(
            "iperf3", [
                "--client", listen, "--port", Text(rig.Service.Listeners[0].Bound!.Port), "--bytes", Text(Bytes), "--parallel", "2",
                "--json", .. direction]);

        Assert.True(await client.WaitForExitAsync() == 0, client.Output);
        using var report = JsonDocument.Parse(client.Output);
        var received = report.RootElement.GetProperty("end").GetProperty("sum_received").GetProperty("bytes").GetInt64();

        // The end is told on another connection and overtakes what is still in the buffers of all sockets on the way.
        Assert.InRange(received, Bytes / 4, long.MaxValue);
        await Eventually.TrueAsync(
            () => (isReverse ? rig.State("A").BytesReceived : rig.State("A").BytesSent) >= received, "all bytes are counted");
    }

    [NeedsFact("pgbench", "pg_createcluster", "setpriv")]
    public async Task Pgbench_ThroughTheRelay_FailsNoTransaction()
    {
        await using var postgres = await Postgres.StartAsync("trust");
        await using var rig = await StartAsync(postgres.EndPoint);
        var relay = rig.Service.Listeners[0].Bound!;
        string[] server = ["--host", relay.Address.ToString(), "--port", Text(relay.Port), "--username", "postgres"];
        await using var filling = DebianProcess.Start("pgbench", ["--initialize", .. server, "postgres"]);
        Assert.True(await filling.WaitForExitAsync() == 0, filling.Output);

        await using var client = DebianProcess.Start(
            "pgbench", ["--client", "8", "--transactions", "50", "--no-vacuum", .. server, "postgres"]);

        Assert.True(await client.WaitForExitAsync() == 0, client.Output);
        Assert.Contains("transactions actually processed: 400/400", client.Output, StringComparison.Ordinal);
        Assert.Contains("failed transactions: 0 ", client.Output, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => rig.VirtualServer.Active == 0, "all connections have ended");
        Assert.Equal(0, rig.State("A").Active);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

public class SocketLoadToolsTests() : LoadToolsTests("sockets");

public class LoopLoadToolsTests() : LoadToolsTests("auto");
