using System.Net;
using System.Net.Sockets;
using Gateway.Relay;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

public abstract class RelayServiceTests(string engine) : RelayTests(engine)
{
    [Fact]
    public async Task Start_AddressIsTaken_ThrowsAndNamesIt()
    {
        using var owner = new TcpDestination(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));
        await using var rig = NewRig();
        rig.Options = rig.Options with { Listen = [owner.EndPoint] };

        var error = await Assert.ThrowsAsync<IOException>(() => rig.RunAsync());

        Assert.Contains($"VirtualServers:vs: cannot listen on {owner.EndPoint}", error.Message, StringComparison.Ordinal);
        Assert.Contains("in use", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SecondRelayOnTheSamePort_Fails()
    {
        await using var first = await StartAsync();
        await using var second = NewRig();
        second.Options = second.Options with { Listen = [first.Service.Listeners[0].Bound!] };

        await Assert.ThrowsAsync<IOException>(() => second.RunAsync());
    }

    [Fact]
    public async Task Start_AgainAtOnce_ConnectionsInTimeWaitAreNoObstacle()
    {
        using var a = new TcpDestination();
        var port = new IPEndPoint(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));
        await using (var first = NewRig())
        {
            first.Options = first.Options with { Listen = [port] };
            await first.RunAsync(a.EndPoint);
            var client = await first.ConnectAsync();
            var server = await a.AcceptedAsync();

            // The relay closes towards the client first, and so is the one to wait.
            server.Shutdown(SocketShutdown.Send);
            Assert.Empty(await client.ReadToEndAsync());
            client.Shutdown(SocketShutdown.Send);
            Assert.Equal(ConnectionEnd.Destination, (await first.EndedAsync()).End);
        }

        await using var second = NewRig();
        second.Options = second.Options with { Listen = [port] };
        await second.RunAsync(a.EndPoint);

        Assert.True(second.Service.Listeners[0].IsListening);
    }

    [Fact]
    public async Task Start_BothFamiliesOfOnePort_ListensOnBoth()
    {
        var port = FreePortOfBothFamilies();
        using var destination = TcpDestination.Named("A");
        await using var rig = NewRig();
        rig.Options = rig.Options with
        {
            Listen = [new IPEndPoint(IPAddress.Any, port), new IPEndPoint(IPAddress.IPv6Any, port)],
        };

        await rig.RunAsync(destination.EndPoint);

        Assert.All(rig.Service.Listeners, listener => Assert.True(listener.IsListening));
        var client = await ConnectAsync(new IPEndPoint(IPAddress.IPv6Loopback, port));
        Assert.Equal("A"u8.ToArray(), await client.ReadExactlyAsync(1));
        client.Dispose();
        client = await ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        Assert.Equal("A"u8.ToArray(), await client.ReadExactlyAsync(1));
        client.Dispose();
    }

    [Fact]
    public async Task Apply_OtherThingsChange_KeepsTheListenerAndItsConnections()
    {
        using var a = new TcpDestination();
        using var b = TcpDestination.Named("B");
        await using var rig = await StartAsync(a.EndPoint);
        var bound = rig.Service.Listeners[0].Bound;
        var held = await rig.ConnectAsync();
        var server = await a.AcceptedAsync();

        rig.Options = rig.Options with { ConnectTimeout = TimeSpan.FromSeconds(1), MaxConnections = 100 };
        rig.Apply(b.EndPoint);

        Assert.Equal(bound, rig.Service.Listeners[0].Bound);
        Assert.Equal(100, rig.VirtualServer.Options.MaxConnections);
        await held.SendAllAsync("still here"u8.ToArray());
        Assert.Equal("still here"u8.ToArray(), await server.ReadExactlyAsync(10));
        var fresh = await rig.ConnectAsync();
        Assert.Equal("B"u8.ToArray(), await fresh.ReadExactlyAsync(1));
    }

    [Fact]
    public async Task Apply_ClusterIsReplaced_ConnectionsInBetweenGetTheOldOne()
    {
        using var a = TcpDestination.Named("A");
        using var b = TcpDestination.Named("B");
        await using var rig = NewRig();
        var answers = new List<byte[]>();

        // Between the schedulers, which subscribed first, and the listeners.
        rig.Store.Subscribe(snapshot =>
        {
            if (snapshot.FindCluster("d") is not null)
            {
                using var client = rig.ConnectAsync().GetAwaiter().GetResult();
                answers.Add(client.ReadExactlyAsync(1).GetAwaiter().GetResult());
            }
        });
        await rig.RunAsync(a.EndPoint);

        rig.Options = rig.Options with { ClusterId = "d" };
        rig.Store.Apply([RelayRig.Cluster(b.EndPoint) with { Id = "d" }], [rig.Options]);

        Assert.Equal("A"u8.ToArray(), Assert.Single(answers));
        var after = await rig.ConnectAsync();
        Assert.Equal("B"u8.ToArray(), await after.ReadExactlyAsync(1));
    }

    [Fact]
    public async Task Apply_ListenerMoves_ConnectionsOfTheOldOneRunOn()
    {
        using var a = new TcpDestination();
        await using var rig = await StartAsync(a.EndPoint);
        var before = rig.Service.Listeners[0].Bound!;
        var held = await rig.ConnectAsync();
        var server = await a.AcceptedAsync();

        rig.Options = rig.Options with { Listen = [new IPEndPoint(IPAddress.IPv6Loopback, 0)] };
        rig.Apply(a.EndPoint);

        await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(before));
        Assert.True(rig.Service.Listeners[0].IsListening);
        await held.SendAllAsync("still here"u8.ToArray());
        Assert.Equal("still here"u8.ToArray(), await server.ReadExactlyAsync(10));
    }

    [Fact]
    public async Task Apply_AddressIsTaken_OthersGoOnAndItIsRetried()
    {
        using var a = TcpDestination.Named("A");
        var time = new FakeTime();
        await using var rig = NewRig(time);
        await rig.RunAsync(a.EndPoint);
        var bound = rig.Service.Listeners[0].Bound!;
        var owner = new TcpDestination(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));

        rig.Options = rig.Options with { Listen = [rig.Options.Listen[0], owner.EndPoint] };
        rig.Apply(a.EndPoint);

        Assert.Equal(bound, rig.Service.Listeners[0].Bound);
        Assert.False(rig.Service.Listeners[1].IsListening);
        Assert.Contains("in use", rig.Service.Listeners[1].Error, StringComparison.Ordinal);

        owner.Dispose();
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(owner.EndPoint, rig.Service.Listeners[1].Bound);
        var client = await rig.ConnectAsync(1);
        Assert.Equal("A"u8.ToArray(), await client.ReadExactlyAsync(1));
    }

    [Fact]
    public async Task Apply_TwoVirtualServersOnOneAddress_TheFirstHasIt()
    {
        await using var rig = await StartAsync();

        rig.Store.Apply([RelayRig.Cluster()], [rig.Options, rig.Options with { Id = "other" }]);

        Assert.Equal([true, false], rig.Service.Listeners.Select(listener => listener.IsListening));
        Assert.Equal("already used by virtual server 'vs'", rig.Service.Listeners[1].Error);
    }

    [Fact]
    public async Task StopAccepting_ClientsInTheKernelsQueue_AreServed()
    {
        using var destination = TcpDestination.Named("A");
        await using var rig = await StartForManyAsync(destination.EndPoint);
        var bound = rig.Service.Listeners[0].Bound!;
        var clients = Enumerable.Range(0, 300)
            .Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)).ToList();

        // Quicker than they are taken in.
        clients.ForEach(client => client.Connect(bound));
        rig.Service.StopAccepting();

        foreach (var client in clients)
        {
            Assert.Equal("A"u8.ToArray(), await client.ReadExactlyAsync(1));
            client.Dispose();
        }
    }

    [Fact]
    public async Task Stop_ConnectionsEndByThemselves_NoneIsReset()
    {
        using var a = new TcpDestination();
        await using var rig = await StartAsync(a.EndPoint);
        var client = await rig.ConnectAsync();
        var server = await a.AcceptedAsync();
        var endPoint = rig.Service.Listeners[0].Bound!;

        var stop = rig.Service.StopAsync(CancellationToken.None);
        await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(endPoint));
        Assert.False(stop.IsCompleted);
        await client.SendAllAsync("bye"u8.ToArray());
        Assert.Equal("bye"u8.ToArray(), await server.ReadExactlyAsync(3));
        client.Shutdown(SocketShutdown.Send);
        Assert.Empty(await server.ReadToEndAsync());
        server.Shutdown(SocketShutdown.Send);

        await stop.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(ConnectionEnd.Client, (await rig.EndedAsync()).End);
    }

    [Fact]
    public async Task Stop_ShutdownTimeout_ResetsTheRest()
    {
        using var a = new TcpDestination();
        await using var rig = await StartAsync(a.EndPoint);
        var client = await rig.ConnectAsync();
        var server = await a.AcceptedAsync();
        using var timeout = new CancellationTokenSource();

        var stop = rig.Service.StopAsync(timeout.Token);
        await timeout.CancelAsync();

        await stop.WaitAsync(TimeSpan.FromSeconds(30));
        await client.ReadResetAsync();
        await server.ReadResetAsync();
        Assert.Equal(ConnectionEnd.Stopped, (await rig.EndedAsync()).End);
        Assert.Equal(0, rig.State("A").Active);
    }

    private static int FreePortOfBothFamilies()
    {
        while (true)
        {
            var port = FreePort.On(IPAddress.Any);
            using var other = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = false };
            try
            {
                other.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Taken in the other family: the next port is another one.
            }
        }
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endPoint);
        return socket;
    }
}

public class SocketRelayServiceTests() : RelayServiceTests("sockets");

public class LoopRelayServiceTests() : RelayServiceTests("auto");
