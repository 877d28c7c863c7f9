using Gateway.EventLoop;

namespace Gateway.Relay;

/// <content>Telling a client that no destination can serve it.</content>
internal abstract partial class LoopConnecting
{
    private int _discarded;

    /// <summary>Sends the text and the end behind it, and finishes when the client has closed too.</summary>
    protected virtual void SaySorry(byte[] body)
    {
        if (ClientEnd.TrySendLast(body))
        {
            CountSorry(body.Length);
            if (ClientEnd.TryWatchAnew())
            {
                return;
            }
        }

        Finish(reset: true);
    }

    /// <summary>Ends a connection that nobody can serve.</summary>
    private void Refuse()
    {
        if (Sorry is not { } body)
        {
            Finish(reset: true);
            return;
        }

        BeginSorry();
        Loop.Schedule(ClientEnd, PartingTimeout);
        SaySorry(body);
    }

    /// <summary>Reads what the client still sends, until it closes.</summary>
    public unsafe void Discard()
    {
        while (_discarded < MostDiscarded)
        {
            var length = (int)Libc.Receive(ClientEnd.Fd, Loop.Buffer, Loop.BufferSize, 0);
            if (length == 0)
            {
                Finish(reset: false);
                return;
            }

            if (length > 0)
            {
                _discarded += length;
            }
            else if (Libc.Errno == Libc.ErrorAgain)
            {
                return;
            }
            else if (Libc.Errno != Libc.ErrorInterrupted)
            {
                break;
            }
        }

        Finish(reset: true);
    }
}
