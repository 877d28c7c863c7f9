using System.Net.Sockets;
using Gateway.Relay;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <content>Connections that are asked to end, and clients that go before anybody looks.</content>
public abstract partial class TcpRelayTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task EndInOrder_ClientGoesOnSending_GetsTheWholeAnswer(bool isDestinationFirst)
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(destination.EndPoint);

        // Most of the answer is still at the relay when the destination has closed.
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(rig.Service.Listeners[0].Bound!);
        var server = await destination.AcceptedAsync();
        await ExchangeAsync(client, server);
        var connection = Assert.Single(rig.Service.Connections.All);
        if (!isDestinationFirst)
        {
            connection.EndInOrder(ConnectionEnd.Drained);
            Assert.Empty(await server.ReadToEndAsync());
            await client.SendAllAsync(new byte[5000]);
        }

        await server.SendAllAsync(_bulk);
        server.Shutdown(SocketShutdown.Send);
        await Eventually.TrueAsync(() => connection.BytesReceived == _bulk.Length, "the answer has gone to the kernel");
        if (isDestinationFirst)
        {
            await Eventually.TrueAsync(() => connection.IsHalfClosed, "the destination has ended");
            connection.EndInOrder(ConnectionEnd.Drained);
            Assert.Empty(await server.ReadToEndAsync());
        }

        await client.SendAllAsync(new byte[5000]);
        Assert.Equal(_bulk, await client.ReadExactlyAsync(_bulk.Length));
        await client.SendAllAsync(new byte[100]);
        Assert.Empty(await client.ReadToEndAsync());
        client.Shutdown(SocketShutdown.Send);

        Assert.Equal(isDestinationFirst ? ConnectionEnd.Destination : ConnectionEnd.Drained, (await rig.EndedAsync()).End);
        AssertAtRest(rig);
    }

    [Fact]
    public async Task EndInOrder_ClientNeverCloses_IsLetGo()
    {
        var time = new FakeTime();
        using var destination = new TcpDestination();
        await using var rig = NewRig(time);
        await rig.RunAsync(destination.EndPoint);
        var client = await rig.ConnectAsync();
        var server = await destination.AcceptedAsync();
        await ExchangeAsync(client, server);
        Assert.Single(rig.Service.Connections.All).EndInOrder(ConnectionEnd.Drained);
        Assert.Empty(await server.ReadToEndAsync());
        server.Dispose();
        Assert.Empty(await client.ReadToEndAsync());

        // When it is told, its time begins, but that may be a moment later.
        while (rig.Service.Connections.Count > 0)
        {
            time.Advance(TimeSpan.FromSeconds(3));
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        Assert.Equal(ConnectionEnd.Drained, (await rig.EndedAsync()).End);
        AssertAtRest(rig);
    }

    [Fact]
    public async Task EndInOrder_MuchIsOnItsWay_WhatHasComeIsPassedOnAndTheEndBehindIt()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(destination.EndPoint);
        var client = await rig.ConnectAsync();
        var server = await destination.AcceptedAsync();
        await ExchangeAsync(client, server);
        var sent = RandomBytes(8_000_000);
        var sending = SendAsync(client, sent);
        await server.ReadExactlyAsync(1_000_000);

        Assert.Single(rig.Service.Connections.All).EndInOrder(ConnectionEnd.Drained);

        var rest = await server.ReadToEndAsync();
        Assert.Equal(sent[1_000_000..(1_000_000 + rest.Length)], rest);
        server.Dispose();
        await sending;
        await rig.EndedAsync();
        AssertAtRest(rig);

        // More than is thrown away resets it.
        static async Task SendAsync(Socket client, byte[] bytes)
        {
            try
            {
                await client.SendAllAsync(bytes);
                client.Dispose();
            }
            catch (SocketException)
            {
                // As it may.
            }
        }
    }

    [Fact]
    public async Task Connection_ClientResetsBeforeAnybodyReads_EndsAsAReset()
    {
        const int count = 100;
        using var destination = TcpDestination.Named("A");
        await using var rig = await StartForManyAsync(destination.EndPoint);
        var bound = rig.Service.Listeners[0].Bound!;

        for (var i = 0; i < count; i++)
        {
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            client.Connect(bound);
            client.Close(0);
        }

        await Eventually.TrueAsync(() => rig.VirtualServer.Accepted == count, "all were accepted");
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(ConnectionEnd.ClientReset, (await rig.EndedAsync()).End);
        }

        AssertAtRest(rig);
    }
}
