using System.Runtime.CompilerServices;

namespace Gateway.EventLoop;

/// <content>What the thread does.</content>
internal sealed unsafe partial class Loop
{
    private void Work()
    {
        while (!_stopping)
        {
            Turn();
        }
    }

    /// <summary>Waits for the next events and deals with them.</summary>
    /// <remarks>A method of its own: one that is called over and over is compiled anew with what is known of it by then, and
    /// one that never returns runs for ever as it was first compiled.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Turn()
    {
        if (_eventCount < MaxEvents)
        {
            LastWholeRound = Round;
        }

        _eventCount = Libc.EpollWait(_epoll, _events.Pointer, _events.Capacity, Timeout());
        Now = Time.GetTimestamp();
        Round++;
        _longPieces = 0;
        for (_event = 0; _event < _eventCount; _event++)
        {
            _events.Read(_event, out var events, out var fd, out var generation);
            if (fd == _wake)
            {
                RunPosted();
            }
            else if (_sockets[fd] is { } socket && socket.Generation == generation)
            {
                OnReady(socket, events);
            }
        }

        RunDeferred();
        _timers.Advance(NowMilliseconds);
    }

    /// <summary>Milliseconds until something is due.</summary>
    private int Timeout()
    {
        if (_deferred.Count > 0)
        {
            return 0;
        }

        if (_timers.Count == 0)
        {
            return Forever;
        }

        // A clock that is moved by hand may be moved at any time.
        var longest = ReferenceEquals(Time, TimeProvider.System) ? int.MaxValue : TimerWheel.TickMilliseconds;
        return (int)Math.Clamp(_timers.QuietUntil - NowMilliseconds, 0, longest);
    }

    private void OnReady(LoopSocket socket, uint events)
    {
        try
        {
            socket.OnReady(events);
        }
        catch (Exception e)
        {
            OnFault(e, socket);
        }
    }

    /// <summary>Logs what should not have happened and has its owner end, which may go wrong as well.</summary>
    private void OnFault(Exception exception, LoopTimer owner)
    {
        LogFault(exception, owner.GetType().Name);
        if (owner is LoopSocket { IsClosed: false } socket)
        {
            Attempt(socket.OnFault, fault: null);
        }
    }

    private void Attempt(Action action, Action? fault)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            LogFault(e, action.Method.DeclaringType?.Name);
            if (fault is not null)
            {
                Attempt(fault, fault: null);
            }
        }
    }

    private void RunPosted()
    {
        // Cleared first: what is posted from here on wakes the loop again.
        Interlocked.Exchange(ref _wakeRequested, 0);
        while (_posted.TryDequeue(out var posted))
        {
            Attempt(posted.Action, posted.Fault);
        }
    }

    private void RunDeferred()
    {
        if (_deferred.Count == 0)
        {
            return;
        }

        (_deferred, _deferredNow) = (_deferredNow, _deferred);
        foreach (var socket in _deferredNow)
        {
            socket.IsDeferred = false;
            if (!socket.IsClosed)
            {
                OnDeferred(socket);
            }
        }

        _deferredNow.Clear();
    }

    private void OnDeferred(LoopSocket socket)
    {
        try
        {
            socket.OnDeferred();
        }
        catch (Exception e)
        {
            OnFault(e, socket);
        }
    }

    [LoggerMessage(LogLevel.Error, "Error on an event loop, in {Owner}; what it belonged to is closed")]
    private partial void LogFault(Exception exception, string? owner);
}
