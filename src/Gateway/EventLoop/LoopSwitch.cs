using System.Runtime.CompilerServices;

namespace Gateway.EventLoop;

/// <summary>Awaited, lets an asynchronous method go on on the thread of a loop.</summary>
internal readonly struct LoopSwitch(Loop loop) : INotifyCompletion, ICriticalNotifyCompletion
{
    public bool IsCompleted => loop.IsCurrentThread;

    public LoopSwitch GetAwaiter() => this;

    public void GetResult()
    {
        // It has no value; having gone on is the result.
    }

    public void OnCompleted(Action continuation) => loop.Post(continuation);

    public void UnsafeOnCompleted(Action continuation) => loop.Post(continuation);
}
