using Gateway.EventLoop;
using Gateway.Http.Forwarding;
using Gateway.Http.Transport;
using Gateway.ProxyProtocol;

namespace Gateway.Http.Plain;

/// <content>One request after the other.</content>
internal sealed partial class LaneSocket
{
    /// <summary>A request has come to its end.</summary>
    public void Served(LaneOutcome outcome)
    {
        _isServing = false;
        _destination = null;
        _turn++;
        if (IsClosed)
        {
            Leave();
        }
        else if (outcome == LaneOutcome.Kestrels)
        {
            Give();
        }
        else if (outcome == LaneOutcome.Broken)
        {
            AbortNow();
        }
        else
        {
            var (isLast, length) = (_request!.Client.IsLast, _request.Head.TotalLength);
            _request.Release();
            _request.Use(length);
            if (isLast)
            {
                End();
            }
            else
            {
                TakeTurn();
            }
        }
    }

    private void TakeTurn()
    {
        if (_isTurning)
        {
            // Within a request that was answered at once.
            return;
        }

        _isTurning = true;
        try
        {
            while (!IsClosed && !_isServing && TryServeNext())
            {
                // Those that wait for nothing are served one after the other.
            }
        }
        catch (Exception e) when (_isServing)
        {
            lane.Balancer.Failed(_request!, e);
        }
        catch (Exception e)
        {
            lane.Balancer.LogFailed(e);
            AbortNow();
        }
        finally
        {
            _isTurning = false;
        }
    }

    /// <summary>Begins to serve the next request, if there is one.</summary>
    private bool TryServeNext()
    {
        if (_request is null or { Unused.IsEmpty: true } && !TryReceive())
        {
            return false;
        }

        var request = _request!;
        if (!TryTakeIntroduction(request))
        {
            return !IsClosed;
        }

        if (lane.Find(request, entry.Limits) is not { } found)
        {
            Give();
            return false;
        }

        _isServing = true;
        lane.Balancer.Serve(request, found.Plan, found.Scheduler);
        return true;
    }

    /// <summary>Receives what there is; false when there is nothing, and the client is waited for or has ended.</summary>
    private bool TryReceive()
    {
        if (_isReadable)
        {
            var received = Receive(out var bytes);
            if (received > 0)
            {
                _request ??= LaneRequest.Lend(this);
                _request.Hold(bytes);
                return true;
            }

            if (received == 0)
            {
                End();
                return false;
            }
        }

        if (IsEnding)
        {
            End();
        }
        else
        {
            Rest();
        }

        return false;
    }

    /// <summary>Waits for the next request.</summary>
    private void Rest()
    {
        TakeRequestBack();
        Watch();
        if (!IsClosed)
        {
            _restedAt = Loop.Now;
            Loop.ScheduleNoLater(this, RestLimit);
        }
    }

    /// <summary>Takes the header of a trusted proxy off; false when it is not all there, or not one, which is Kestrel's to deal with, or
    /// when nothing came behind it.</summary>
    private bool TryTakeIntroduction(LaneRequest request)
    {
        if (!MustBeIntroduced)
        {
            return true;
        }

        if (ProxyHeaderReader.Read(request.Unused.Span, out var header, out var length) != ProxyHeaderResult.Complete)
        {
            Give();
            return false;
        }

        Remote = header.Source ?? Remote;
        Local = header.Destination ?? Local;
        IsIntroduced = true;
        request.Use(length);
        return !request.Unused.IsEmpty;
    }

    /// <summary>Gives the connection to Kestrel, with what was received.</summary>
    private void Give()
    {
        try
        {
            home.Give(this, new GivenConnection(Detach(), Remote, Local, IsIntroduced, _isWatched, _request?.Unused ?? default));
        }
        finally
        {
            TakeRequestBack();
        }
    }

    /// <summary>Receives what there is, as much as a request may have; 0 is the end of the connection, in order or not, -1 that there
    /// is nothing.</summary>
    private unsafe int Receive(out ReadOnlySpan<byte> bytes)
    {
        var received = Libc.Receive(Fd, Loop.Buffer, ExchangeBuffers.Size, 0);
        if (received >= 0)
        {
            _isReadable = _isHungUp || received == ExchangeBuffers.Size;
            bytes = new ReadOnlySpan<byte>(Loop.Buffer, (int)received);
            return (int)received;
        }

        bytes = default;
        var error = Libc.Errno;
        _isReadable = false;
        return error is Libc.ErrorAgain or Libc.ErrorInterrupted ? -1 : 0;
    }
}
