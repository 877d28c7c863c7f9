using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.Relay;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <summary>Connections through a running relay, over real sockets on loopback.</summary>
public abstract partial class TcpRelayTests(string engine) : RelayTests(engine)
{
    private static readonly byte[] _bulk = RandomBytes(200_000);

    [Fact]
    public async Task Connection_ClientClosesFirst_DeliversAllBytesBothWays()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(destination.EndPoint);
        var client = await rig.ConnectAsync();
        var server = await destination.AcceptedAsync();

        var sending = client.SendAllAsync(_bulk);
        var seen = await server.ReadExactlyAsync(_bulk.Length);
        await sending;
        client.Shutdown(SocketShutdown.Send);
        Assert.Empty(await server.ReadToEndAsync());
        Assert.Equal((0, 1), (rig.State("A").Active, rig.State("A").Inactive));
        var answering = server.SendAllAsync(_bulk);
        var answer = await client.ReadExactlyAsync(_bulk.Length);
        await answering;
        server.Shutdown(SocketShutdown.Send);
        Assert.Empty(await client.ReadToEndAsync());

        var record = await rig.EndedAsync();
        Assert.Equal(_bulk, seen);
        Assert.Equal(_bulk, answer);
        Assert.Equal(ConnectionEnd.Client, record.End);
        Assert.Equal((_bulk.Length, _bulk.Length), (record.BytesSent, record.BytesReceived));
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Connection_DestinationClosesFirst_DeliversAllBytesBothWays()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(destination.EndPoint);
        var client = await rig.ConnectAsync();
        var server = await destination.AcceptedAsync();

        var answering = server.SendAllAsync(_bulk);
        var answer = await client.ReadExactlyAsync(_bulk.Length);
        await answering;
        server.Shutdown(SocketShutdown.Send);
        Assert.Empty(await client.ReadToEndAsync());
        var sending = client.SendAllAsync(_bulk);
        var seen = await server.ReadExactlyAsync(_bulk.Length);
        await sending;
        client.Shutdown(SocketShutdown.Send);
        Assert.Empty(await server.ReadToEndAsync());

        var record = await rig.EndedAsync();
        Assert.Equal(_bulk, answer);
        Assert.Equal(_bulk, seen);
        Assert.Equal(ConnectionEnd.Destination, record.End);
        Assert.Equal((_bulk.Length, _bulk.Length), (rig.State("A").BytesSent, rig.State("A").BytesReceived));
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Connection_ClientResets_ResetsTheDestination()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(destination.EndPoint);
        var client = await rig.ConnectAsync();
        var server = await destination.AcceptedAsync();
        await ExchangeAsync(client, server);

        client.Close(0);
        await server.ReadResetAsync();

        Assert.Equal(ConnectionEnd.ClientReset, (await rig.EndedAsync()).End);
        Assert.Equal(1, rig.State("A").Failures(FailureReason.ClientAborted));
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Connection_DestinationResets_ResetsTheClient()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(destination.EndPoint);
        var client = await rig.ConnectAsync();
        var server = await destination.AcceptedAsync();
        await ExchangeAsync(client, server);

        server.Close(0);
        await client.ReadResetAsync();

        Assert.Equal(ConnectionEnd.DestinationReset, (await rig.EndedAsync()).End);
        Assert.Equal(1, rig.State("A").Failures(FailureReason.ResponseBroken));
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Connection_ObserverThrows_IsReleasedAndOthersAreTold()
    {
        using var destination = TcpDestination.Named("A");
        await using var rig = NewRig();
        var told = 0;
        rig.Service.Connections.Ended += _ => throw new InvalidOperationException("no");
        rig.Service.Connections.Ended += _ => Interlocked.Increment(ref told);
        await rig.RunAsync(destination.EndPoint);

        for (var i = 0; i < 4; i++)
        {
            var client = await rig.ConnectAsync();
            await client.ReadExactlyAsync(1);
            client.Dispose();
            await rig.EndedAsync();
        }

        await Eventually.TrueAsync(() => Volatile.Read(ref told) == 4, "told of all four");
        AssertAtRest(rig);
    }

    [Theory]
    [InlineData(3, 3)]
    [InlineData(0, 3)]
    [InlineData(3, 0)]
    [InlineData(700_000, 700_000)]
    public async Task Connection_UrgentData_ArrivesInItsPlace(int before, int after)
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(destination.EndPoint);
        var client = await rig.ConnectAsync();
        var server = await destination.AcceptedAsync();
        var (head, tail) = (RandomBytes(before), RandomBytes(after));
        byte[] urgent = [(byte)'!'];

        // At once, so that the urgent byte is in the middle of what the relay finds.
        var reading = server.ReadExactlyAsync(2 * (before + 1 + after));
        for (var i = 0; i < 2; i++)
        {
            await client.SendAllAsync(head);
            Assert.Equal(1, client.Send(urgent, SocketFlags.OutOfBand));
            await client.SendAllAsync(tail);
        }

        client.Shutdown(SocketShutdown.Send);
        byte[] once = [.. head, .. urgent, .. tail];
        byte[] twice = [.. once, .. once];
        Assert.Equal(twice, await reading);
        Assert.Empty(await server.ReadToEndAsync());
        server.Dispose();
        Assert.Equal(ConnectionEnd.Client, (await rig.EndedAsync()).End);
    }

    [Fact]
    public async Task Connection_ReaderIsSlow_HoldsTheSenderBack()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(destination.EndPoint);
        var client = await rig.ConnectAsync();
        var server = await destination.AcceptedAsync();
        const int total = 64 * 1024 * 1024;

        var sending = client.SendAllAsync(new byte[total]);
        await server.ReadExactlyAsync(1);

        // Socket buffers take some megabytes at most; a relay that queues would take all of it.
        Assert.False(sending.IsCompleted);
        await server.ReadExactlyAsync(total - 1);
        await sending;

        // What was sent is counted after it was sent, and the reader may be quicker.
        await Eventually.TrueAsync(() => rig.State("A").BytesSent == total, "all bytes are counted");
    }

    [Fact]
    public async Task EndInOrder_ClientHasSent_DestinationGetsItAllAndAnswersToTheEnd()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(destination.EndPoint);
        var client = await rig.ConnectAsync();
        var server = await destination.AcceptedAsync();
        await ExchangeAsync(client, server);
        var question = _bulk[..10_000];
        await client.SendAllAsync(question);
        var connection = Assert.Single(rig.Service.Connections.All);

        connection.EndInOrder(ConnectionEnd.Killed);
        var seen = await server.ReadToEndAsync();
        Assert.True(connection.IsHalfClosed);
        var answering = server.SendAllAsync(_bulk);
        var answer = await client.ReadExactlyAsync(_bulk.Length);
        await answering;
        server.Shutdown(SocketShutdown.Send);
        Assert.Empty(await client.ReadToEndAsync());

        Assert.Equal(question, seen);
        Assert.Equal(_bulk, answer);
        Assert.Equal(ConnectionEnd.Killed, (await rig.EndedAsync()).End);
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Close_FromOutside_ResetsBothSides()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(destination.EndPoint);
        var client = await rig.ConnectAsync();
        var server = await destination.AcceptedAsync();
        await client.SendAllAsync("x"u8.ToArray());
        await server.ReadExactlyAsync(1);

        var connection = Assert.Single(rig.Service.Connections.All);
        Assert.Equal(client.LocalEndPoint, connection.Client);
        connection.Close(ConnectionEnd.Killed);

        await client.ReadResetAsync();
        await server.ReadResetAsync();
        Assert.Equal(ConnectionEnd.Killed, (await rig.EndedAsync()).End);
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Connections_ThreeHundred_AreSharedEvenlyAndAllAccountedFor()
    {
        using var a = TcpDestination.Named("A");
        using var b = TcpDestination.Named("B");
        using var c = TcpDestination.Named("C");
        await using var rig = await StartAsync(a.EndPoint, b.EndPoint, c.EndPoint);

        for (var i = 0; i < 300; i++)
        {
            using var client = await rig.ConnectAsync();
            await client.ReadExactlyAsync(1);
        }

        for (var i = 0; i < 300; i++)
        {
            Assert.Equal(ConnectionEnd.Client, (await rig.EndedAsync()).End);
        }

        Assert.Equal((100, 100, 100), (rig.State("A").Flows, rig.State("B").Flows, rig.State("C").Flows));
        AssertAtRest(rig);
    }

    /// <summary>Makes sure that the relay, too, knows both sides to be connected.</summary>
    private static async Task ExchangeAsync(Socket client, Socket server)
    {
        await client.SendAllAsync("x"u8.ToArray());
        await server.ReadExactlyAsync(1);
    }
}

public class SocketTcpRelayTests() : TcpRelayTests("sockets");

public class LoopTcpRelayTests() : TcpRelayTests("auto");
