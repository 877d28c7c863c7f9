using System.IO.Pipelines;
using Gateway.EventLoop;

namespace Gateway.Http.Transport;

/// <summary>Runs what a pipe has to continue on a loop's thread: at once when that is the present one.</summary>
internal sealed class LoopScheduler(Loop loop) : PipeScheduler
{
    public override void Schedule(Action<object?> action, object? state)
    {
        if (loop.IsCurrentThread)
        {
            action(state);
        }
        else
        {
            Post(action, state);
        }
    }

    // Apart, since what it captures would be made in any case otherwise.
    private void Post(Action<object?> action, object? state) => loop.Post(() => action(state));
}
