using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Gateway.EventLoop;
using Gateway.Http;
using Gateway.Http.Transport;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Http.Transport;

/// <summary>Who ends a connection whose listener is taken away: exactly one of Kestrel and who serves it.</summary>
public sealed class FollowedConnectionTests : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);

    private readonly HttpLoops _loops = new(1, TimeProvider.System, NullLogger<HttpLoops>.Instance);

    public void Dispose() => _loops.Dispose();

    [LinuxFact]
    public async Task Leave_WasServedMeanwhile_KestrelClosesItAsEver()
    {
        var (client, connection) = await ConnectAsync();
        var followed = new FollowedConnection(connection, slowest: null);
        await followed.ServeAsync(_ => Task.CompletedTask);

        followed.Leave();
        followed.Served();
        await connection.DisposeAsync();

        Assert.Empty(await client.ReadToEndAsync().WaitAsync(_deadline));
        client.Dispose();
    }

    [LinuxFact]
    public async Task Leave_TwiceWhileItIsServed_ClosedWhenServedAndItsEndIsTold()
    {
        var (client, connection) = await ConnectAsync();
        var followed = new FollowedConnection(connection, slowest: null);
        var served = new TaskCompletionSource();
        var serving = followed.ServeAsync(_ => served.Task);

        followed.Leave();
        var ended = followed.Ended!;
        followed.Leave();
        await followed.IsKestrels.WaitAsync(_deadline);
        await connection.DisposeAsync();
        await client.SendAllAsync("x"u8.ToArray());
        Assert.Equal("x"u8.ToArray(), (await connection.Transport.Input.ReadAsync()).Buffer.FirstSpan.ToArray());
        connection.Transport.Input.AdvanceTo(default);

        served.SetResult();
        await serving.WaitAsync(_deadline);
        followed.Served();

        await ended.WaitAsync(_deadline);
        Assert.Empty(await client.ReadToEndAsync().WaitAsync(_deadline));
        client.Dispose();
    }

    private async Task<(Socket Client, ClientConnection Connection)> ConnectAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndPoint!);
        using var accepted = await listener.AcceptAsync();
        accepted.Blocking = false;
        var fd = Libc.Control((int)accepted.Handle, Libc.DuplicateCloseOnExec, 0);
        var place = _loops.Places[0];
        var options = new PipeOptions(useSynchronizationContext: false);
        var connection = new ClientConnection(
            null!, place, fd, (IPEndPoint)client.LocalEndPoint!, (IPEndPoint)client.RemoteEndPoint!, options, options);
        place.Loop.Run(() => Assert.True(connection.TryStart(isWatched: false, default)));
        return (client, connection);
    }
}
