using System.Globalization;
using Gateway.Relay;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <summary>
/// Thousands of connections that do everything at once: random sizes both ways, stalls, half-closes in both orders, a side
/// that hardly reads, resets from both sides. What arrives must be what was sent, and nothing may be left behind.
/// </summary>
/// <remarks>
/// Connection number n is always the same; <c>GATEWAY_FAULT_SEED</c> says the first. With <c>GATEWAY_SOAK_SECONDS</c> rounds
/// of other numbers follow until that time is over.
/// </remarks>
[Collection(Alone.Name)]
public abstract class RelayFaultTests(string engine, int connections) : RelayTests(engine)
{
    private const int AtOnce = 200;

    // The pipes that each of two loops keeps for the next bulk, two descriptors each.
    private const int IdlePipes = 2 * 2 * 16;

    private static readonly HashSet<ConnectionEnd> _ends =
        [ConnectionEnd.Client, ConnectionEnd.Destination, ConnectionEnd.ClientReset, ConnectionEnd.DestinationReset];

    [Fact]
    public async Task Connections_OfEveryKind_AreExactAndLeaveNothingBehind()
    {
        await RunRoundAsync(FirstSeed, 50);
        var before = Descriptors();

        await RunRoundAsync(FirstSeed, connections);

        Assert.InRange(Descriptors(), 0, before + 2);
    }

    [SoakFact]
    public async Task Connections_ForMinutes_LeaveNothingBehind()
    {
        await RunRoundAsync(FirstSeed, 500);
        var before = Descriptors();
        var memory = GC.GetTotalMemory(forceFullCollection: true);
        var started = TimeProvider.System.GetTimestamp();

        for (var seed = FirstSeed; TimeProvider.System.GetElapsedTime(started) < SoakFactAttribute.Duration; seed += 1000)
        {
            await RunRoundAsync(seed, 1000);
            Assert.InRange(Descriptors(), 0, before + 2);
            Assert.InRange(GC.GetTotalMemory(forceFullCollection: true), 0, memory + (8 << 20));
        }
    }

    [LinuxFact]
    public async Task Relay_StartedUsedAndStopped_LeavesNoDescriptor()
    {
        await RunRoundAsync(1, 20);
        var before = Descriptors();

        for (var i = 0; i < 5; i++)
        {
            await RunRoundAsync(1, 20);
        }

        Assert.InRange(Descriptors(), 0, before + 2);
    }

    private static int FirstSeed { get; } =
        int.Parse(Environment.GetEnvironmentVariable("GATEWAY_FAULT_SEED") ?? "1", CultureInfo.InvariantCulture);

    /// <summary>A relay from start to stop, with that many connections through it; the first destination refuses all.</summary>
    private async Task RunRoundAsync(int firstSeed, int count)
    {
        using var destination = new TcpDestination();
        var rig = await StartForManyAsync(TcpDestination.Unused(), destination.EndPoint);
        var before = Descriptors();
        var serving = ServeAsync(destination, count);
        using var places = new SemaphoreSlim(AtOnce);

        await Task.WhenAll(Enumerable.Range(firstSeed, count).Select(async seed =>
        {
            await places.WaitAsync();
            try
            {
                await new FaultyConnection(seed).RunClientAsync(await rig.ConnectAsync());
            }
            finally
            {
                places.Release();
            }
        }));
        await serving;

        for (var i = 0; i < count; i++)
        {
            Assert.Contains((await rig.EndedAsync()).End, _ends);
        }

        Assert.Equal(0, rig.Service.Connections.Count);
        Assert.Equal((0, count), (rig.VirtualServer.Active, rig.VirtualServer.Accepted));
        Assert.All(["A", "B"], id => Assert.Equal((0, 0), (rig.State(id).Active, rig.State(id).Inactive)));
        Assert.Equal(0, HeldBytes.Pieces);
        Assert.InRange(Descriptors(), 0, before + IdlePipes + 2);
        await rig.DisposeAsync();
    }

    private static async Task ServeAsync(TcpDestination destination, int count)
    {
        var all = new List<Task>();
        for (var i = 0; i < count; i++)
        {
            all.Add(FaultyConnection.RunDestinationAsync(await destination.AcceptedAsync()));
        }

        await Task.WhenAll(all);
    }

    private static int Descriptors() => OperatingSystem.IsLinux() ? Directory.GetFiles("/proc/self/fd").Length : 0;
}

public class SocketRelayFaultTests() : RelayFaultTests("sockets", connections: 4_000);

public class LoopRelayFaultTests() : RelayFaultTests("auto", connections: 10_000);
