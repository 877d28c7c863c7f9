using Gateway.EventLoop;

namespace Gateway.Relay;

/// <content>How what was read goes to the other side.</content>
internal sealed unsafe partial class LoopStream
{
    /// <summary>Gives the peer what it did not take before; false while there is still something left.</summary>
    private bool TryFlush()
    {
        while (_rest.Length > 0)
        {
            var sent = Peer!.Send(_rest.Start, _rest.Length);
            if (sent < 0)
            {
                return HandleNothingSent();
            }

            connection.CountMoved(this, _rest.Take(sent));
        }

        while (_pipe is { Length: > 0 })
        {
            var sent = (int)Libc.Splice(_pipe.ReadEnd, null, Peer!.Fd, null, _pipe.Length, Libc.SpliceMoveNonBlocking);
            if (sent <= 0)
            {
                return HandleNothingSent();
            }

            _pipe.Length -= sent;
            connection.CountMoved(this, sent);
        }

        if (_bulkReads < BulkReadsBeforeSplice)
        {
            ReturnPipe();
        }

        return true;
    }

    private bool HandleNothingSent()
    {
        if (!IsTemporary(Libc.Errno))
        {
            connection.OnBroken(Peer!);
        }
        else
        {
            Peer!.WatchForRoom();
        }

        return false;
    }

    private void Finish()
    {
        IsFinished = true;
        _isReadable = false;
        connection.OnFinished(this);
    }

    private void ReturnPipe()
    {
        if (_pipe is not null)
        {
            Loop.Pipes.Return(_pipe);
            _pipe = null;
        }
    }
}
