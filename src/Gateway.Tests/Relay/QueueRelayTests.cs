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

    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 100)]
    [InlineData(true, 0)]
    [InlineData(true, 100)]
    public async Task Client_GoesWhileItWaits_LeavesItsPlace(bool withReset, int sent)
    {
        using var destination = new TcpDestination();
        await using var rig = await StartFullAsync(_patient with { Length = 1 }, destination.EndPoint);
        var first = await HoldAsync(rig, destination);
        var leaving = await rig.ConnectAsync();
        await leaving.SendAllAsync(new byte[sent]);
        await WaitingAsync(rig, 1);

        leaving.LingerState = new LingerOption(withReset, 0);
        leaving.Dispose();

        Assert.Equal(ConnectionEnd.ClientReset, (await rig.EndedAsync()).End);
        Assert.Equal(0, rig.Queues.Find("c")!.Count);
        var next = await rig.ConnectAsync();
        await WaitingAsync(rig, 1);
        first.Server.Close(0);
        using var server = await destination.AcceptedAsync();
        await next.SendAllAsync("x"u8.ToArray());
        await server.ReadExactlyAsync(1);
        Assert.Equal(2, rig.State("A").Flows);
    }

    [Fact]
    public async Task Client_GoneBeforeItBeginsToWait_DoesNotWait()
    {
        using var destination = new TcpDestination();
        await using var rig = NewRig();
        rig.Options = rig.Options with { ProxyProtocol = new ProxyProtocolOptions { From = [IPNetwork.Parse("127.0.0.0/8")] } };
        await RunFullAsync(rig, _patient, destination.EndPoint);
        var first = await rig.ConnectAsync();
        await first.SendAllAsync("PROXY UNKNOWN\r\n"u8.ToArray());
        using var server = await destination.AcceptedAsync();

        // Header, request and end are there before anybody looks, in one event.
        var leaving = await rig.ConnectAsync();
        await leaving.SendAllAsync("PROXY UNKNOWN\r\nx"u8.ToArray());
        leaving.Shutdown(SocketShutdown.Send);

        await leaving.ReadResetAsync();
        Assert.Equal(ConnectionEnd.ClientReset, (await rig.EndedAsync()).End);
        Assert.Equal(0, rig.Queues.Find("c")!.Count);
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
    public async Task Connection_KilledWhileItWaits_LeavesTheQueue()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartFullAsync(_patient, destination.EndPoint);
        await HoldAsync(rig, destination);
        var second = await rig.ConnectAsync();
        await WaitingAsync(rig, 1);

        rig.Service.Connections.All.Single(connection => connection.Destination is null).Close(ConnectionEnd.Killed);

        await second.ReadResetAsync();
        Assert.Equal(ConnectionEnd.Killed, (await rig.EndedAsync()).End);
        await Eventually.TrueAsync(() => rig.Queues.Find("c")!.Count == 0, "it has left");
        Assert.Equal(1, rig.State("A").Active);
    }

    [Fact]
    public async Task Destination_CannotBeReached_ThePlaceGoesToTheNext()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartFullAsync(_patient, destination.EndPoint);
        var first = await HoldAsync(rig, destination);
        var waiting = new[] { await rig.ConnectAsync(), await rig.ConnectAsync() };
        await WaitingAsync(rig, 2);

        destination.Dispose();
        first.Client.Close(0);

        await waiting[0].ReadResetAsync();
        await waiting[1].ReadResetAsync();
        await RestAsync(rig);
        Assert.Equal(2, rig.State("A").Failures(FailureReason.ConnectRefused));
    }

    [Fact]
    public async Task Reload_PlaceIsAdded_ThoseWhoWaitGetIt()
    {
        using var destination = new TcpDestination();
        using var another = new TcpDestination();
        await using var rig = await StartFullAsync(_patient, destination.EndPoint);
        await HoldAsync(rig, destination);
        var second = await rig.ConnectAsync();
        await WaitingAsync(rig, 1);

        ApplyFull(rig, _patient, destination.EndPoint, another.EndPoint);

        using var server = await another.AcceptedAsync();
        await second.SendAllAsync("x"u8.ToArray());
        await server.ReadExactlyAsync(1);
    }

    [Fact]
    public async Task Reload_ListenerIsRemoved_ThoseWhoWaitAreStillServed()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartFullAsync(_patient, destination.EndPoint);
        var first = await HoldAsync(rig, destination);
        var second = await rig.ConnectAsync();
        await WaitingAsync(rig, 1);

        rig.Store.Apply([Full(_patient, destination.EndPoint)], []);
        first.Server.Close(0);

        using var server = await destination.AcceptedAsync();
        await second.SendAllAsync("x"u8.ToArray());
        await server.ReadExactlyAsync(1);
    }

    [Fact]
    public async Task Reload_ClusterIsRemoved_ThoseWhoWaitAreReset()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartFullAsync(_patient, destination.EndPoint);
        await HoldAsync(rig, destination);
        var second = await rig.ConnectAsync();
        await WaitingAsync(rig, 1);

        rig.Store.Apply([], []);

        await second.ReadResetAsync();
        Assert.Equal(ConnectionEnd.NoDestination, (await rig.EndedAsync()).End);
        Assert.Equal(1, rig.Service.Connections.Count);
    }

    [Fact]
    public async Task Stop_WhileTheyWait_ThoseWhoWaitAreServedAndTheRestIsReset()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartFullAsync(_patient, destination.EndPoint);
        var first = await HoldAsync(rig, destination);
        var waiting = new List<Socket>();
        foreach (var word in "ab")
        {
            waiting.Add(await rig.ConnectAsync());
            await waiting[^1].SendAllAsync(new[] { (byte)word });
            await WaitingAsync(rig, waiting.Count);
        }

        using var deadline = new CancellationTokenSource();

        var stopping = rig.Service.StopAsync(deadline.Token);
        first.Server.Close(0);
        using var server = await destination.AcceptedAsync();
        Assert.Equal("a"u8.ToArray(), await server.ReadExactlyAsync(1));
        await deadline.CancelAsync();
        await stopping.WaitAsync(TimeSpan.FromSeconds(30));

        await waiting[0].ReadResetAsync();
        await waiting[1].ReadResetAsync();
        Assert.Equal((0, 0), (rig.State("A").Active, rig.Queues.Find("c")!.Count));
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

    // Places become free, clients go and time runs out at the same moments, again and again.
    [Fact]
    public async Task Connections_ThatGoAtAnyMoment_LeaveNothingBehind()
    {
        const int count = 600;
        using var destination = new TcpDestination();
        var serving = ServeAsync(destination);
        await using var rig = NewRig();
        rig.Options = rig.Options with { Sorry = new RelaySorryOptions { Body = "busy" } };
        await RunFullAsync(rig, new QueueOptions { Length = 20, Timeout = TimeSpan.FromMilliseconds(20) }, destination.EndPoint, destination.EndPoint);
        using var places = new SemaphoreSlim(40);
        var gateway = rig.Service.Listeners[0].Bound!;

        await Task.WhenAll(Enumerable.Range(0, count).Select(async i =>
        {
            await places.WaitAsync();
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await client.ConnectAsync(gateway);
                if (i % 3 != 0)
                {
                    await client.SendAllAsync(new byte[i % 7 * 1000]);
                }

                var patience = i % 4 == 0 ? TimeSpan.FromMilliseconds(i % 30) : TimeSpan.FromSeconds(20);
                await client.ReceiveAsync(new byte[16]).WaitAsync(patience);
                client.LingerState = new LingerOption(i % 5 == 0, 0);
            }
            catch (SocketException)
            {
                // Reset, as many are.
            }
            catch (TimeoutException) when (i % 4 == 0)
            {
                // It goes without an answer.
            }
            finally
            {
                places.Release();
            }
        }));

        for (var i = 0; i < count; i++)
        {
            await rig.EndedAsync();
        }

        await RestAsync(rig);
        Assert.Equal((0, count), (rig.Queues.Find("c")!.Count, (int)rig.VirtualServer.Accepted));
        Assert.True(rig.Queues.Find("c")!.Refused > 0, "somebody waited in vain");
        destination.Dispose();
        await Assert.ThrowsAsync<System.Threading.Channels.ChannelClosedException>(() => serving);
    }

    /// <summary>Answers and closes each connection, whatever its client does, until the destination is disposed.</summary>
    private static async Task ServeAsync(TcpDestination destination)
    {
        while (true)
        {
            using var socket = await destination.AcceptedAsync();
            try
            {
                await socket.SendAllAsync("A"u8.ToArray());
            }
            catch (SocketException)
            {
                // It has gone already.
            }
        }
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
