using System.IO.Pipelines;
using Gateway.EventLoop;

namespace Gateway.Http.Plain;

/// <summary>A connection that waits for a request, for so long.</summary>
internal sealed class IdleConnection(Loop loop, PipeReader input, TimeSpan limit) : LoopTimer, IDisposable
{
    private long _since;
    private bool _isWaiting;
    private bool _isSet;

    public bool IsOver { get; private set; }

    public void Begin()
    {
        _since = loop.Now;
        _isWaiting = true;
        if (!_isSet)
        {
            _isSet = true;
            loop.Schedule(this, limit);
        }
    }

    public void End() => _isWaiting = false;

    public void Dispose()
    {
        _isWaiting = false;
        if (loop.IsCurrentThread)
        {
            loop.Cancel(this);
        }
        else
        {
            loop.Post(() => loop.Cancel(this));
        }
    }

    internal override void OnDue()
    {
        var still = limit - loop.Elapsed(_since);
        if (!_isWaiting)
        {
            loop.Schedule(this, limit);
        }
        else if (still > TimeSpan.Zero)
        {
            loop.Schedule(this, still);
        }
        else
        {
            IsOver = true;
            input.CancelPendingRead();
        }
    }
}
