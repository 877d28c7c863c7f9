using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Gateway.EventLoop;
using Gateway.Http.Forwarding;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Http.Forwarding;

/// <summary>Connections to destinations on an event loop.</summary>
public sealed class LoopUpstreamTests
{
    [LinuxFact]
    public async Task ExchangeBeginsOnAConnectionThatWasClosed_IsNotKeptUntilItWouldBeDue()
    {
        using var destination = new TcpDestination();
        using var pool = new UpstreamPool();
        using var loop = new Loop("test", TimeProvider.System, NullLogger.Instance);

        var upstream = await ConnectAndCloseAsync(destination, pool, loop);

        await Eventually.TrueAsync(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !upstream.IsAlive;
        }, "the connection and its buffers can be collected");
    }

    [LinuxFact]
    public async Task WaitsForAnAnswerOnAConnectionThatWasClosed_IsToldAtOnce()
    {
        using var destination = new TcpDestination();
        using var pool = new UpstreamPool();
        using var loop = new Loop("test", TimeProvider.System, NullLogger.Instance);
        var target = new UpstreamTarget(new Uri($"http://{destination.EndPoint}"), null, null, TimeProvider.System);
        await loop.SwitchAsync();
        var upstream = (LoopUpstream)await LoopUpstream.ConnectAsync(target, pool, loop);
        upstream.Close(UpstreamEnd.BodyBroken);

        var error = await Assert.ThrowsAsync<SocketException>(async () => await upstream.ReadableAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10)));

        Assert.Equal(SocketError.OperationAborted, error.SocketErrorCode);
        await Task.Yield();
    }

    /// <summary>A client that has left before its request was sent.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> ConnectAndCloseAsync(TcpDestination destination, UpstreamPool pool, Loop loop)
    {
        var target = new UpstreamTarget(new Uri($"http://{destination.EndPoint}"), null, null, TimeProvider.System);
        await loop.SwitchAsync();
        var upstream = await LoopUpstream.ConnectAsync(target, pool, loop);
        upstream.Close(UpstreamEnd.ClientGone);
        upstream.Begin(TimeSpan.FromMinutes(2));
        await Task.Yield();
        return new WeakReference(upstream);
    }
}
