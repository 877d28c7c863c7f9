using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace Gateway.EventLoop;

/// <summary>Something a loop's owner can wait for, over and over, one waiting at a time, without memory for each. Used on
/// the loop's thread only; what waited goes on within the call that completes it.</summary>
internal sealed class LoopSignal : IValueTaskSource<int>, IValueTaskSource
{
    private ManualResetValueTaskSourceCore<int> _core;

    public bool IsWaiting { get; private set; }

    /// <summary>Begins to wait.</summary>
    public ValueTask<int> WaitAsync()
    {
        Begin();
        return new ValueTask<int>(this, _core.Version);
    }

    /// <summary>Begins to wait for an end that has no value.</summary>
    public ValueTask WaitForCompletionAsync()
    {
        Begin();
        return new ValueTask(this, _core.Version);
    }

    /// <summary>Lets what waits go on; nothing happens when nothing waits.</summary>
    public void TryComplete(int result)
    {
        if (IsWaiting)
        {
            IsWaiting = false;
            _core.SetResult(result);
        }
    }

    /// <summary>Lets what waits go on with a <see cref="SocketException"/>.</summary>
    public void TryFail(SocketError error)
    {
        if (IsWaiting)
        {
            IsWaiting = false;
            _core.SetException(new SocketException((int)error));
        }
    }

    int IValueTaskSource<int>.GetResult(short token) => _core.GetResult(token);

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Begin()
    {
        _core.Reset();
        IsWaiting = true;
    }
}
