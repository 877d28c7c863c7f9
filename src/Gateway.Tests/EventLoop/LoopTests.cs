using Gateway.EventLoop;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.EventLoop;

public class LoopTests
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    [LinuxFact]
    public async Task Post_FromManyThreads_RunsEachOnceOnTheLoop()
    {
        using var loop = new Loop("test", TimeProvider.System, NullLogger.Instance);
        const int each = 10_000;
        var count = 0;
        var elsewhere = 0;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < each; i++)
            {
                loop.Post(() =>
                {
                    elsewhere += loop.IsCurrentThread ? 0 : 1;
                    if (++count == 4 * each)
                    {
                        done.SetResult();
                    }
                });
            }
        })));
        await done.Task.WaitAsync(_deadline);

        Assert.Equal((4 * each, 0), (count, elsewhere));
    }

    [LinuxFact]
    public async Task Schedule_TimeAdvances_FiresOnTheLoopAndNotBefore()
    {
        var time = new FakeTime();
        using var loop = new Loop("test", time, NullLogger.Instance);
        var due = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Run(() => loop.Schedule(new Signal(() => due.SetResult(loop.IsCurrentThread)), TimeSpan.FromSeconds(3)));

        time.Advance(TimeSpan.FromSeconds(2.9));
        loop.Run(() => { });
        loop.Run(() => { });
        Assert.False(due.Task.IsCompleted);

        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True(await due.Task.WaitAsync(_deadline));
    }

    [LinuxFact]
    public void Run_ActionThrows_ThrowsToTheCallerAndTheLoopGoesOn()
    {
        using var loop = new Loop("test", TimeProvider.System, NullLogger.Instance);

        var thrown = Assert.Throws<InvalidOperationException>(() => loop.Run(() => throw new InvalidOperationException("no")));

        Assert.Equal("no", thrown.Message);
        var ran = false;
        loop.Run(() => ran = true);
        Assert.True(ran);
    }

    [LinuxFact]
    public void Post_ActionThrows_IsLoggedItsFaultIsCalledAndOthersGoOn()
    {
        var log = new RecordingLogger<Loop>();
        using var loop = new Loop("test", TimeProvider.System, log);
        var faults = 0;

        loop.Post(() => throw new InvalidOperationException("no"), () => faults++);
        loop.Post(() => throw new InvalidOperationException("no"), () => throw new InvalidOperationException("not even that"));
        loop.Run(() => { });

        Assert.Equal(1, faults);
        Assert.Equal(3, log.Lines.Count);
        Assert.All(log.Lines, line => Assert.StartsWith("Error", line, StringComparison.Ordinal));
    }

    [LinuxFact]
    public async Task Schedule_OneThrows_OthersOfTheSameMomentFire()
    {
        var time = new FakeTime();
        using var loop = new Loop("test", time, NullLogger.Instance);
        using var fired = new SemaphoreSlim(0);
        loop.Run(() =>
        {
            loop.Schedule(new Signal(() => fired.Release()), TimeSpan.FromSeconds(1));
            loop.Schedule(new Signal(() => throw new InvalidOperationException("no")), TimeSpan.FromSeconds(1));
            loop.Schedule(new Signal(() => fired.Release()), TimeSpan.FromSeconds(1));
        });

        time.Advance(TimeSpan.FromSeconds(2));

        Assert.True(await fired.WaitAsync(_deadline));
        Assert.True(await fired.WaitAsync(_deadline));
    }

    [LinuxFact]
    public void Post_AfterDispose_WritesToNoDescriptor()
    {
        var loop = new Loop("test", TimeProvider.System, NullLogger.Instance);
        loop.Dispose();

        loop.Post(() => Assert.Fail("The loop has ended."));

        Assert.Throws<ObjectDisposedException>(() => loop.Run(() => { }));
    }

    private sealed class Signal(Action action) : LoopTimer
    {
        internal override void OnDue() => action();
    }
}
