using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.Relay;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <summary>Connections that wait while every destination is full.</summary>
public abstract partial class QueueRelayTests(string engine) : RelayTests(engine)
{
    private static readonly QueueOptions _patient = new() { Length = 10, Timeout = TimeSpan.FromMinutes(10) };

    [Fact]
    public async Task Connection_DestinationIsFull_WaitsAndIsServedWithAllItSent()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartFullAsync(_patient, destination.EndPoint);
        var first = await HoldAsync(rig, destination);
        var second = await rig.ConnectAsync();
        await second.SendAllAsync("early "u8.ToArray());
        await WaitingAsync(rig, 1);
        await second.SendAllAsync("and late"u8.ToArray());
        Assert.False(destination.HasAccepted);

        first.Server.Close(0);

        using var server = await destination.AcceptedAsync();
        Assert.Equal("early and late"u8.ToArray(), await server.ReadExactlyAsync(14));
        await server.SendAllAsync("answer"u8.ToArray());
        Assert.Equal("answer"u8.ToArray(), await second.ReadExactlyAsync(6));
        server.Dispose();
        second.Dispose();
        first.Client.Dispose();
        await RestAsync(rig);
        Assert.Equal((2, 0), (rig.State("A").Flows, rig.Queues.Find("c")!.Refused));
    }

    [Fact]
    public async Task Connection_SendsMoreThanIsHeldWhileItWaits_LosesNothing()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartFullAsync(_patient, destination.EndPoint);
        var first = await HoldAsync(rig, destination);
        var bytes = RandomBytes(3_000_000);
        var second = await rig.ConnectAsync();
        var sending = second.SendAllAsync(bytes);
        await WaitingAsync(rig, 1);

        first.Server.Close(0);

        using var server = await destination.AcceptedAsync();
        Assert.Equal(bytes, await server.ReadExactlyAsync(bytes.Length));
        await sending;
    }

    [Fact]
    public async Task Connection_OneOfManyWaits_AreServedInTheirOrder()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartFullAsync(_patient, destination.EndPoint);
        var held = (await HoldAsync(rig, destination)).Server;
        for (byte i = 0; i < 5; i++)
        {
            await (await rig.ConnectAsync()).SendAllAsync(new[] { i });
            await WaitingAsync(rig, i + 1);
        }

        var order = new List<byte>();
        for (var i = 0; i < 5; i++)
        {
            held.Close(0);
            held = await destination.AcceptedAsync();
            order.AddRange(await held.ReadExactlyAsync(1));
        }

        Assert.Equal([0, 1, 2, 3, 4], order);
    }

    [Fact]
    public async Task Queue_IsFull_TheNextIsResetAndCounted()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartFullAsync(_patient with { Length = 1 }, destination.EndPoint);
        await HoldAsync(rig, destination);
        await rig.ConnectAsync();
        await WaitingAsync(rig, 1);

        await rig.ConnectResetAsync();

        Assert.Equal(ConnectionEnd.QueueFull, (await rig.EndedAsync()).End);
        Assert.Equal((1, 1, 1), (rig.Queues.Find("c")!.Count, rig.Queues.Find("c")!.Refused, rig.VirtualServer.Ended(ConnectionEnd.QueueFull)));
    }

    [Fact]
    public async Task Queue_TimeIsOver_ConnectionIsResetExactlyThen()
    {
        var time = new FakeTime();
        using var destination = new TcpDestination();
        await using var rig = await StartFullAsync(_patient with { Timeout = TimeSpan.FromSeconds(5) }, time, destination.EndPoint);
        await HoldAsync(rig, destination);
        var second = await rig.ConnectAsync();
        await WaitingAsync(rig, 1);

        time.Advance(TimeSpan.FromSeconds(5) - TimeSpan.FromTicks(1));
        Assert.Equal(1, rig.Queues.Find("c")!.Count);
        time.Advance(TimeSpan.FromTicks(1));

        await second.ReadResetAsync();
        var record = await rig.EndedAsync();
        Assert.Equal((ConnectionEnd.QueueTimeout, TimeSpan.FromSeconds(5), TimeSpan.Zero), (record.End, record.Queued, record.Connect));
        Assert.Null(record.Destination);
        Assert.Equal(1, rig.State("A").Active);
    }

    [Fact]
    public async Task Connection_Served_ToldHowLongItWaited()
    {
        var time = new FakeTime();
        using var destination = new TcpDestination();
        await using var rig = await StartFullAsync(_patient, time, destination.EndPoint);
        var first = await HoldAsync(rig, destination);
        var second = await rig.ConnectAsync();
        await WaitingAsync(rig, 1);
        time.Advance(TimeSpan.FromSeconds(3));

        first.Server.Close(0);
        (await destination.AcceptedAsync()).Close(0);

        await first.Client.ReadResetAsync();
        await second.ReadResetAsync();
        Assert.Equal(TimeSpan.Zero, (await rig.EndedAsync()).Queued);
        var record = await rig.EndedAsync();
        Assert.Equal((TimeSpan.FromSeconds(3), TimeSpan.Zero, "A"), (record.Queued, record.Connect, record.Destination?.Id));
    }

    [Fact]
    public async Task Connection_Waits_CountsForTheLimits()
    {
        using var destination = new TcpDestination();
        await using var rig = NewRig();
        rig.Options = rig.Options with { MaxConnectionsPerClient = 2 };
        await RunFullAsync(rig, _patient, destination.EndPoint);
        await HoldAsync(rig, destination);
        await rig.ConnectAsync();
        await WaitingAsync(rig, 1);

        await rig.ConnectResetAsync();

        Assert.Equal(ConnectionEnd.Limit, (await rig.EndedAsync()).End);
        Assert.Equal((2, 1), (rig.VirtualServer.Active, rig.Queues.Find("c")!.Count));
    }

    [Fact]
    public async Task NobodyInService_NothingToWaitFor_IsReset()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartFullAsync(_patient, destination.EndPoint);
        rig.Store.SetAdmin("c", "A", new AdminWord(AdminOrder.Maintenance, "anna", "", TimeProvider.System.GetUtcNow()));

        await rig.ConnectResetAsync();

        Assert.Equal(ConnectionEnd.NoDestination, (await rig.EndedAsync()).End);
        Assert.Null(rig.Queues.Find("c"));
    }

    [Fact]
    public async Task Clients_OneWithManyAndOneWithOne_TakeTurns()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartFullAsync(_patient, destination.EndPoint);
        var held = (await HoldAsync(rig, destination)).Server;
        var clients = new List<Socket>();
        foreach (var (from, word) in new[] { (1, 'a'), (1, 'b'), (1, 'c'), (2, 'x'), (2, 'y') })
        {
            var client = await ConnectFromAsync(rig, from);
            clients.Add(client);
            await client.SendAllAsync(new[] { (byte)word });
            await WaitingAsync(rig, clients.Count);
        }

        var order = "";
        foreach (var _ in clients)
        {
            held.Close(0);
            held = await destination.AcceptedAsync();
            order += (char)(await held.ReadExactlyAsync(1))[0];
        }

        Assert.Equal("axbyc", order);
        clients.ForEach(client => client.Dispose());
    }

    private static async Task<Socket> ConnectFromAsync(RelayRig rig, int last)
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Bind(new IPEndPoint(new IPAddress([127, 0, 4, (byte)last]), 0));
        await client.ConnectAsync(rig.Service.Listeners[0].Bound!);
        return client;
    }

    /// <summary>A relay in front of destinations that may each have one connection.</summary>
    private Task<RelayRig> StartFullAsync(QueueOptions queue, params EndPoint[] destinations) =>
        StartFullAsync(queue, null, destinations);

    private async Task<RelayRig> StartFullAsync(QueueOptions queue, TimeProvider? time, params EndPoint[] destinations)
    {
        var rig = NewRig(time);
        await RunFullAsync(rig, queue, destinations);
        return rig;
    }

    private static async Task RunFullAsync(RelayRig rig, QueueOptions queue, params EndPoint[] destinations)
    {
        ApplyFull(rig, queue, destinations);
        await rig.Service.StartAsync(CancellationToken.None);
    }

    private static void ApplyFull(RelayRig rig, QueueOptions queue, params EndPoint[] destinations) =>
        rig.Store.Apply([Full(queue, destinations)], [rig.Options]);

    private static ClusterOptions Full(QueueOptions queue, params EndPoint[] destinations)
    {
        var cluster = RelayRig.Cluster(destinations);
        return cluster with
        {
            Queue = queue,
            Destinations = [.. cluster.Destinations.Select(destination => destination with { MaxConnections = 1 })],
        };
    }

    /// <summary>A connection that takes the place there is.</summary>
    private static async Task<(Socket Client, Socket Server)> HoldAsync(RelayRig rig, TcpDestination destination)
    {
        var client = await rig.ConnectAsync();
        return (client, await destination.AcceptedAsync());
    }

    private static Task WaitingAsync(RelayRig rig, int count) =>
        Eventually.TrueAsync(() => rig.Queues.Find("c")?.Count == count, $"{count} wait");

    private static async Task RestAsync(RelayRig rig)
    {
        await Eventually.TrueAsync(() => rig.Service.Connections.Count == 0, "all have ended");
        AssertAtRest(rig);
    }
}

public class SocketQueueRelayTests() : QueueRelayTests("sockets");

public class LoopQueueRelayTests() : QueueRelayTests("auto");
