using System.Net;
using Gateway.Clusters;
using Gateway.Relay;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <summary>How many destinations one connection is tried at.</summary>
public abstract class TriesTests(string engine) : RelayTests(engine)
{
    [Theory]
    [InlineData(5)]
    [InlineData(2)]
    public async Task Connection_NoDestinationCanBeReached_IsTriedAtAsManyAsTheClusterSays(int tries)
    {
        await using var rig = NewRig();
        Apply(rig, tries, 300);
        await rig.Service.StartAsync(CancellationToken.None);

        await rig.ConnectResetAsync();

        var record = await rig.EndedAsync();
        Assert.Equal((ConnectionEnd.ConnectFailed, tries - 1), (record.End, record.Retries));
        Assert.Equal(tries, Failures(rig));
        Assert.All(Destinations(rig), destination => Assert.Equal(0, destination.State.Load.Total));
    }

    [Fact]
    public async Task Connection_ManyTriesAllowed_AreMadeOneAfterTheOther()
    {
        await using var rig = NewRig();
        Apply(rig, tries: 100, count: 300);
        await rig.Service.StartAsync(CancellationToken.None);

        await rig.ConnectResetAsync();

        await rig.EndedAsync();
        Assert.Equal(100, Failures(rig));
    }

    private static IReadOnlyList<Destination> Destinations(RelayRig rig) => rig.Store.Current.FindCluster("c")!.Destinations;

    private static long Failures(RelayRig rig) =>
        Destinations(rig).Sum(destination => destination.State.Failures(FailureReason.ConnectError));

    // Nobody connects to the broadcast address by TCP: the kernel says so at once.
    private static void Apply(RelayRig rig, int tries, int count) => rig.Store.Apply(
        [RelayRig.Cluster() with
        {
            Retry = new RetryOptions { Tries = tries },
            Destinations = [.. Enumerable.Range(1, count).Select(port => new DestinationOptions
            {
                Id = $"d{port}",
                Address = new Uri($"tcp://{IPAddress.Broadcast}:{port}"),
            })],
        }],
        [rig.Options]);
}

public class SocketTriesTests() : TriesTests("sockets");

public class LoopTriesTests() : TriesTests("auto");
