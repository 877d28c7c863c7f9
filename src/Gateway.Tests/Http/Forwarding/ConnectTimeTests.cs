using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.EventLoop;
using Gateway.Http.Forwarding;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Http.Forwarding;

/// <summary>How long connecting to a name may take: all of it together, whatever the resolver and its addresses do.</summary>
public sealed class ConnectTimeTests : IDisposable
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    private readonly FakeTime _time = new();
    private readonly UpstreamPool _pool = new();
    private readonly Loop _loop;

    public ConnectTimeTests() => _loop = new Loop("test", _time, NullLogger.Instance);

    public void Dispose()
    {
        _loop.Dispose();
        _pool.Dispose();
    }

    [LinuxTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connect_NameIsNotAnswered_TimesOut(bool isOnLoop)
    {
        var never = new TaskCompletionSource<IPAddress[]>();
        var connecting = ConnectAsync(isOnLoop, Target(80, never.Task), default);

        var error = await Assert.ThrowsAsync<SocketException>(() => PassAsync(connecting, _limit));

        Assert.Equal(SocketError.TimedOut, error.SocketErrorCode);
    }

    [LinuxTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connect_FirstOfTwoAddressesIsSilent_TheSecondGetsHalfOfTheTime(bool isOnLoop)
    {
        using var silent = new SilentDestination();
        using var good = new TcpDestination(IPAddress.Parse("127.0.0.2"), silent.EndPoint.Port);
        var target = Target(silent.EndPoint.Port, Task.FromResult<IPAddress[]>([silent.EndPoint.Address, good.EndPoint.Address]));

        using var upstream = await PassAsync(ConnectAsync(isOnLoop, target, default), _limit);

        Assert.NotNull(await good.AcceptedAsync());
    }

    [LinuxTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connect_AllAddressesAreSilent_TakesTheTimeOnce(bool isOnLoop)
    {
        using var silent = new SilentDestination();
        IPAddress[] addresses = [silent.EndPoint.Address, silent.EndPoint.Address, silent.EndPoint.Address];
        var started = _time.GetTimestamp();

        var error = await Assert.ThrowsAsync<SocketException>(
            () => PassAsync(ConnectAsync(isOnLoop, Target(silent.EndPoint.Port, Task.FromResult(addresses)), default), 3 * _limit));

        Assert.Equal(SocketError.TimedOut, error.SocketErrorCode);
        Assert.InRange(_time.GetElapsedTime(started), _limit, _limit * 1.5);
    }

    [Fact]
    public async Task Connect_ClientLeavesWhileTheNameIsLookedUp_IsCancelled()
    {
        var never = new TaskCompletionSource<IPAddress[]>();
        using var gone = new CancellationTokenSource();
        var connecting = ConnectAsync(isOnLoop: false, Target(80, never.Task), gone.Token);

        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.WaitAsync(_deadline));
    }

    private UpstreamTarget Target(int port, Task<IPAddress[]> addresses) => new(
        new Uri($"http://name.test:{port}"), null, null, _time, () => new ClusterOptions { Id = "web", Destinations = [], ConnectTimeout = _limit }, _ => addresses);

    private async Task<Upstream> ConnectAsync(bool isOnLoop, UpstreamTarget target, CancellationToken gone)
    {
        if (!isOnLoop)
        {
            return await SocketUpstream.ConnectAsync(target, _pool, _time, gone);
        }

        await _loop.SwitchAsync();
        var upstream = await LoopUpstream.ConnectAsync(target, _pool, _loop);
        await Task.Yield();
        return upstream;
    }

    /// <summary>Lets time pass, in steps, until it is connected or has failed.</summary>
    private async Task<Upstream> PassAsync(Task<Upstream> connecting, TimeSpan most)
    {
        var step = _limit / 30;
        for (var passed = TimeSpan.Zero; passed <= most + _limit && !connecting.IsCompleted; passed += step)
        {
            // So that what it has set off is under way before more time passes.
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            _time.Advance(step);
        }

        return await connecting.WaitAsync(_deadline);
    }
}
