using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.Draining;
using Gateway.Hosting;
using Gateway.Relay;
using Gateway.Tests.Support;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Relay;

/// <content>Clients that go while they wait, and what they wait for being taken away.</content>
public abstract partial class QueueRelayTests
{
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

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(20_000)]
    public async Task Connection_KilledWhileItWaits_LeavesTheQueue(int sent)
    {
        using var destination = new TcpDestination();
        await using var rig = await StartFullAsync(_patient, destination.EndPoint);
        await HoldAsync(rig, destination);
        var second = await rig.ConnectAsync();
        await second.SendAllAsync(new byte[sent]);
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
            await waiting[^1].SendAllAsync(Enumerable.Repeat((byte)word, 20_000).ToArray());
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
    public async Task Shutdown_WhileItWaits_WaitsOnAndIsEndedInOrderOnceItIsServed()
    {
        var time = new FakeTime();
        using var destination = new TcpDestination();
        await using var rig = await StartFullAsync(_patient, time, destination.EndPoint);
        using var drains = new DrainService(rig.Store, [new RelayFlows(rig.Service)], time, NullLogger<DrainService>.Instance);
        var host = Options.Create(new HostOptions { ShutdownTimeout = TimeSpan.FromSeconds(60) });
        var first = await HoldAsync(rig, destination);
        var second = await rig.ConnectAsync();
        await second.SendAllAsync("question"u8.ToArray());
        await WaitingAsync(rig, 1);

        rig.Service.StopAccepting();
        new NodeShutdown(drains, host, time).Begin();
        time.Advance(TimeSpan.FromSeconds(50));

        Assert.Empty(await first.Server.ReadToEndAsync());
        Assert.Equal(1, rig.Queues.Find("c")!.Count);
        first.Server.Dispose();
        Assert.Empty(await first.Client.ReadToEndAsync());
        first.Client.Dispose();
        Assert.Equal(ConnectionEnd.Stopped, (await rig.EndedAsync()).End);
        using var server = await destination.AcceptedAsync();
        Assert.Equal("question"u8.ToArray(), await server.ReadExactlyAsync(8));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(await server.ReadToEndAsync());
        await server.SendAllAsync("answer"u8.ToArray());
        server.Dispose();
        Assert.Equal("answer"u8.ToArray(), await second.ReadToEndAsync());
        second.Dispose();
        Assert.Equal(ConnectionEnd.Stopped, (await rig.EndedAsync()).End);
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
}
