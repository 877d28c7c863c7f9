using System.Net;
using Gateway.Clusters;
using Gateway.Relay;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <content>Waiting while every destination is full.</content>
public abstract partial class TlsRelayTests
{
    [Fact]
    public async Task Tls_DestinationIsFull_HandshakeIsMadeAndTheRestWaits()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartFullAsync(destination.EndPoint);
        var (_, held) = await EstablishAsync(rig, destination);
        await using var client = await ConnectAsync(rig);
        var bytes = RandomBytes(100_000);
        var sending = client.WriteAsync(bytes).AsTask();
        await Eventually.TrueAsync(() => rig.Queues.Find("c")?.Count == 1, "the second waits");
        Assert.False(destination.HasAccepted);

        held.Close(0);

        using var server = await destination.AcceptedAsync();
        Assert.Equal(bytes, await server.ReadExactlyAsync(bytes.Length));
        await sending;
        await server.SendAllAsync("answer"u8.ToArray());
        var answer = new byte[6];
        await client.ReadExactlyAsync(answer).AsTask().WaitAsync(_deadline);
        Assert.Equal("answer"u8.ToArray(), answer);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public async Task Tls_ClientGoesWhileItWaits_LeavesItsPlace(int sent)
    {
        using var destination = new TcpDestination();
        await using var rig = await StartFullAsync(destination.EndPoint);
        var (_, held) = await EstablishAsync(rig, destination);
        var socket = await rig.ConnectAsync();
        var leaving = await SecureAsync(socket);
        await leaving.WriteAsync(new byte[sent]);
        await Eventually.TrueAsync(() => rig.Queues.Find("c")?.Count == 1, "the second waits");

        await leaving.ShutdownAsync();
        socket.Dispose();

        Assert.Equal(ConnectionEnd.ClientReset, (await rig.EndedAsync()).End);
        Assert.Equal((0, 1), (rig.Queues.Find("c")!.Count, rig.VirtualServer.Active));
        held.Close(0);
        Assert.Equal(ConnectionEnd.DestinationReset, (await rig.EndedAsync()).End);
        AssertAtRest(rig);
    }

    /// <summary>TLS that ends here, in front of destinations that may each have one connection.</summary>
    private async Task<RelayRig> StartFullAsync(params EndPoint[] destinations)
    {
        var rig = NewRig();
        rig.Options = rig.Options with { Tls = new RelayTlsOptions { CertificatePath = Pem("relay.example") } };
        var cluster = RelayRig.Cluster(destinations);
        rig.Store.Apply(
            [cluster with
            {
                Queue = new QueueOptions { Timeout = TimeSpan.FromMinutes(10) },
                Destinations = [.. cluster.Destinations.Select(destination => destination with { MaxConnections = 1 })],
            }],
            [rig.Options]);
        await rig.Service.StartAsync(CancellationToken.None);
        return rig;
    }
}
