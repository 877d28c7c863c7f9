using Gateway.EventLoop;

namespace Gateway.Relay;

/// <content>Being told to take what has come for all there is.</content>
internal sealed unsafe partial class LoopStream
{
    private const long Everything = long.MaxValue;

    // Bytes that are still to be read.
    private long _left = Everything;

    private bool IsStopping => _left != Everything;

    /// <summary>Reads on as far as the stream has come by now, and takes that for its end.</summary>
    /// <remarks>Ending the reading half of the socket would not do: the kernel goes on taking in what comes, and the real end
    /// could not be told any more.</remarks>
    public void StopReading()
    {
        if (!IsFinished && !IsStopping)
        {
            _left = Libc.Unread(Fd);
            _isReadable = true;
            Pump();
        }
    }

    internal override void OnDeferred()
    {
        // It may have been told to stop meanwhile, and something may have come since.
        if (!IsFinished)
        {
            Pump();
        }
    }

    private void CountRead(int bytes)
    {
        if (IsStopping)
        {
            _left -= bytes;
        }
    }
}
