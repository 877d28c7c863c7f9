using Gateway.EventLoop;
using Gateway.Tests.Support;

namespace Gateway.Tests.EventLoop;

public class LoopTests
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    [LinuxFact]
    public async Task Post_FromManyThreads_RunsEachOnceOnTheLoop()
    {
        using var loop = new Loop("test", TimeProvider.System);
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
        using var loop = new Loop("test", time);
        var due = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Run(() => loop.Schedule(new Signal(() => due.SetResult(loop.IsCurrentThread)), TimeSpan.FromSeconds(3)));

        time.Advance(TimeSpan.FromSeconds(2.9));
        loop.Run(() => { });
        loop.Run(() => { });
        Assert.False(due.Task.IsCompleted);

        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True(await due.Task.WaitAsync(_deadline));
    }

    private sealed class Signal(Action action) : LoopTimer
    {
        internal override void OnDue() => action();
    }
}
