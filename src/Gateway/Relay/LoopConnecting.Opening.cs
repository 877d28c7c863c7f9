using Gateway.EventLoop;

namespace Gateway.Relay;

/// <content>Reading the opening.</content>
internal abstract partial class LoopConnecting
{
    /// <summary>Looks at what the client has sent, without taking it, so that it is moved like everything after it.</summary>
    private unsafe void ReadOpening(Opening opening, bool isEnd)
    {
        OpeningResult result;
        int taken;
        do
        {
            var length = (int)Libc.Receive(ClientEnd.Fd, Loop.Buffer, Opening.MaxLength, Libc.MessagePeek);
            if (length < 0)
            {
                if (Libc.Errno is not (Libc.ErrorAgain or Libc.ErrorInterrupted))
                {
                    OnBroken(ClientEnd);
                }

                return;
            }

            if (length == 0)
            {
                // It came and went, as probes of a proxy in front do.
                TrySetEnd(ConnectionEnd.Client);
                Finish(reset: false);
                return;
            }

            result = opening.Read(new ReadOnlySpan<byte>(Loop.Buffer, length), isEnd, out taken);
            if (taken > 0)
            {
                _ = Libc.Receive(ClientEnd.Fd, Loop.Buffer, taken, 0);
            }
        }
        while (result == OpeningResult.Incomplete && taken > 0);

        OnOpening(opening, result);
    }

    private void OnOpening(Opening opening, OpeningResult result)
    {
        if (result == OpeningResult.Incomplete)
        {
            return;
        }

        _opening = null;
        Loop.Cancel(ClientEnd);
        if (result == OpeningResult.Refused)
        {
            Close(opening.Fault);
        }
        else if (TryLead(opening))
        {
            OnLed();
        }
        else
        {
            Finish(reset: true);
        }
    }
}
