using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Clusters;
using Gateway.Relay;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <content>How destinations are connected to.</content>
public abstract partial class TcpRelayTests
{
    [Fact]
    public async Task Connection_DestinationRefuses_GoesToTheNext()
    {
        using var good = TcpDestination.Named("B");
        await using var rig = await StartAsync(TcpDestination.Unused(), good.EndPoint);

        var client = await rig.ConnectAsync();
        Assert.Equal("B", Encoding.ASCII.GetString(await client.ReadExactlyAsync(1)));
        client.Dispose();

        var record = await rig.EndedAsync();
        Assert.Equal("B", record.Destination!.Id);
        Assert.Equal(1, record.Retries);
        Assert.Equal(1, rig.State("A").Failures(FailureReason.ConnectRefused));
        Assert.Equal(1, rig.State("A").Retries);
        Assert.Equal(0, rig.State("A").Active);
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Connection_EveryDestinationRefuses_ResetsTheClient()
    {
        await using var rig = await StartAsync(TcpDestination.Unused(), TcpDestination.Unused());

        await rig.ConnectResetAsync();

        var record = await rig.EndedAsync();
        Assert.Equal((ConnectionEnd.ConnectFailed, 1), (record.End, record.Retries));
        Assert.Equal(("B", FailureReason.ConnectRefused), (record.Destination!.Id, record.Failure));
        Assert.Equal(1, rig.VirtualServer.Ended(ConnectionEnd.ConnectFailed));
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Connection_DestinationDoesNotAnswer_TimesOutAndGoesToTheNext()
    {
        using var silent = new SilentDestination();
        using var good = TcpDestination.Named("B");
        await using var rig = NewRig();
        rig.Options = rig.Options with { ConnectTimeout = TimeSpan.FromSeconds(1) };
        await rig.RunAsync(silent.EndPoint, good.EndPoint);

        var client = await rig.ConnectAsync();
        Assert.Equal("B", Encoding.ASCII.GetString(await client.ReadExactlyAsync(1)));

        Assert.Equal(1, rig.State("A").Failures(FailureReason.ConnectTimeout));
        Assert.Equal(0, rig.State("A").Active);
    }

    [Fact]
    public async Task Connection_NoDestination_ResetsTheClient()
    {
        await using var rig = await StartAsync();

        await rig.ConnectResetAsync();

        var record = await rig.EndedAsync();
        Assert.Equal(ConnectionEnd.NoDestination, record.End);
        Assert.Null(record.Destination);
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Connection_DestinationIsAName_IsResolved()
    {
        using var good = TcpDestination.Named("A");
        await using var rig = await StartAsync(new DnsEndPoint("localhost", good.EndPoint.Port));

        var client = await rig.ConnectAsync();

        Assert.Equal("A", Encoding.ASCII.GetString(await client.ReadExactlyAsync(1)));
    }

    [Fact]
    public async Task Connection_FirstAddressOfANameIsSilent_GoesToTheSecond()
    {
        using var silent = new SilentDestination();
        using var good = new TcpDestination(IPAddress.Parse("127.0.0.2"), silent.EndPoint.Port);
        await using var rig = NewRig(lookUp: _ => Task.FromResult<IPAddress[]>([silent.EndPoint.Address, good.EndPoint.Address]));
        rig.Options = rig.Options with { ConnectTimeout = TimeSpan.FromSeconds(1) };
        await rig.RunAsync(new DnsEndPoint("mail.example", silent.EndPoint.Port));

        await ExchangeAsync(await rig.ConnectAsync(), await good.AcceptedAsync());

        Assert.Equal((0, 0), (rig.State("A").Failures(FailureReason.ConnectTimeout), rig.State("A").Retries));
    }

    [Fact]
    public async Task Connection_AllAddressesOfANameAreSilent_GoesToTheNextInTheTimeToConnect()
    {
        using var silent = new SilentDestination();
        using var good = TcpDestination.Named("B");
        await using var rig = NewRig(lookUp: _ => Task.FromResult<IPAddress[]>([silent.EndPoint.Address, silent.EndPoint.Address]));
        rig.Options = rig.Options with { ConnectTimeout = TimeSpan.FromSeconds(1) };
        await rig.RunAsync(new DnsEndPoint("mail.example", silent.EndPoint.Port), good.EndPoint);

        var client = await rig.ConnectAsync();

        Assert.Equal("B", Encoding.ASCII.GetString(await client.ReadExactlyAsync(1)));
        Assert.Equal((1, 1), (rig.State("A").Failures(FailureReason.ConnectTimeout), rig.State("A").Retries));
    }

    [Fact]
    public async Task Connection_ClosedWhileItConnects_IsNoFailureOfTheDestination()
    {
        using var silent = new SilentDestination();
        await using var rig = await StartForManyAsync(silent.EndPoint);
        var client = await rig.ConnectAsync();
        await Eventually.TrueAsync(
            () => rig.Service.Connections.All.Any(connection => connection.Destination is not null), "it is being connected");

        rig.Service.Connections.CloseAll(ConnectionEnd.Killed);

        await client.ReadResetAsync();
        Assert.Equal(ConnectionEnd.Killed, (await rig.EndedAsync()).End);
        Assert.All(Enum.GetValues<FailureReason>(), reason => Assert.Equal(0, rig.State("A").Failures(reason)));
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Connection_NameIsUnknown_GoesToTheNext()
    {
        using var good = TcpDestination.Named("B");
        await using var rig = await StartAsync(new DnsEndPoint("no-such-name.invalid", 1), good.EndPoint);

        var client = await rig.ConnectAsync();

        Assert.Equal("B", Encoding.ASCII.GetString(await client.ReadExactlyAsync(1)));
        Assert.Equal(1, rig.State("A").Failures(FailureReason.ConnectError) + rig.State("A").Failures(FailureReason.ConnectTimeout));
    }

    [Theory]
    [InlineData("127.0.0.1", "::1")]
    [InlineData("::1", "127.0.0.1")]
    [InlineData("::1", "::1")]
    public async Task Connection_AcrossFamilies_Works(string listen, string serve)
    {
        using var destination = new TcpDestination(IPAddress.Parse(serve));
        await using var rig = NewRig();
        rig.Options = rig.Options with { Listen = [new IPEndPoint(IPAddress.Parse(listen), 0)] };
        await rig.RunAsync(destination.EndPoint);

        var client = await rig.ConnectAsync();
        var server = await destination.AcceptedAsync();
        await client.SendAllAsync("hello"u8.ToArray());
        Assert.Equal("hello"u8.ToArray(), await server.ReadExactlyAsync(5));
        client.Shutdown(SocketShutdown.Send);
        server.Shutdown(SocketShutdown.Send);

        Assert.Equal(client.LocalEndPoint, (await rig.EndedAsync()).Client);
    }

    [Fact]
    public async Task Connection_SourceAddresses_AreTakenInTurn()
    {
        using var destination = new TcpDestination();
        await using var rig = NewRig();
        rig.Options = rig.Options with { SourceAddresses = [IPAddress.Parse("127.0.0.3"), IPAddress.IPv6Loopback, IPAddress.Parse("127.0.0.4")] };
        await rig.RunAsync(destination.EndPoint);

        var seen = new HashSet<string>();
        for (var i = 0; i < 3; i++)
        {
            await rig.ConnectAsync();
            seen.Add(((IPEndPoint)(await destination.AcceptedAsync()).RemoteEndPoint!).Address.ToString());
        }

        Assert.Equal(["127.0.0.3", "127.0.0.4"], seen.Order());
    }

    [Fact]
    public async Task Connection_SourceAddressesAndADestinationWithAName_AreTaken()
    {
        using var destination = new TcpDestination();
        await using var rig = NewRig();
        rig.Options = rig.Options with { SourceAddresses = [IPAddress.Parse("127.0.0.3")] };
        await rig.RunAsync(new DnsEndPoint("localhost", destination.EndPoint.Port));

        await rig.ConnectAsync();

        Assert.Equal("127.0.0.3", ((IPEndPoint)(await destination.AcceptedAsync()).RemoteEndPoint!).Address.ToString());
    }

    [Fact]
    public async Task Connection_SamePort_ReachesTheDestinationOnThePortOfTheClient()
    {
        using var destination = new TcpDestination(IPAddress.Parse("127.0.0.7"), FreePort.On(IPAddress.Loopback));
        await using var rig = NewRig();
        rig.Options = rig.Options with { SamePort = true, Listen = [new IPEndPoint(IPAddress.Loopback, destination.EndPoint.Port)] };
        await rig.RunAsync(new IPEndPoint(destination.EndPoint.Address, 1));

        await ExchangeAsync(await rig.ConnectAsync(), await destination.AcceptedAsync());
    }
}
