using System.Net;
using System.Text;
using Gateway.Clusters;
using Gateway.EventLoop;
using Gateway.Http.Forwarding;
using Gateway.Http.Transport;
using Gateway.Scheduling;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Http.Plain;

/// <summary>A client's connection on the plain lane: reads a request, has it served, and reads the next. The first that is not
/// plain goes to Kestrel with all its bytes, and with it all that come after it. On the loop's thread.</summary>
/// <remarks>
/// Registered edge-triggered, when there is something to wait for: most of those who open a connection for each request have
/// sent it by the time the connection is accepted, and are gone before. Nothing is received while a request is in progress.
/// What a request needs is lent for the time it takes, so that a client who waits costs little more than its socket.
/// </remarks>
internal sealed partial class LaneSocket(EarlyConnections home, PlainLane lane, EarlyLane entry, int fd, IPEndPoint remote, IPEndPoint local)
    : EarlySocket(home.Place.Loop, fd, remote, local), ILoopClient
{
    // Whether the client leaves while its request is in progress is of no interest earlier.
    private static readonly TimeSpan _watchAfter = TimeSpan.FromMilliseconds(50);

    // Proxies send their header at once; with one that does not, Kestrel's way has its own patience.
    private static readonly TimeSpan _introductionLimit = TimeSpan.FromSeconds(1);

    private LaneRequest? _request;
    private IClientWatcher? _watcher;
    private byte[]? _forwardedFor;
    private volatile Destination? _destination;
    private volatile int _turn;
    private volatile bool _isAsked;
    private long _restedAt;
    private bool _isWatched;
    private bool _isReadable;
    private bool _isHungUp;
    private bool _isGone;
    private bool _isServing;
    private bool _isTurning;
    private bool _hasLeft;

    public UpstreamPool Upstreams => home.Place.Upstreams;

    public LaneBalancer Balancer => lane.Balancer;

    /// <summary>The Date of answers without one.</summary>
    public DateLine Date => lane.Date;

    /// <summary>What a scheduler may know of its requests.</summary>
    public Flow Flow => new(
        ClientAddresses.Unmap(Remote.Address), Remote.Port, ClientAddresses.Unmap(Local.Address), Local.Port);

    /// <summary>The line that tells destinations who the client is.</summary>
    public ReadOnlySpan<byte> ForwardedFor => _forwardedFor ??= Encoding.ASCII.GetBytes($"X-Forwarded-For: {ClientAddresses.Unmap(Remote.Address)}\r\n");

    /// <summary>Where its request in progress is; null when it has none.</summary>
    public Destination? Destination
    {
        get => _destination;
        set => _destination = value;
    }

    /// <summary>Whether a request is in progress.</summary>
    public bool IsServing => _isServing;

    /// <summary>Whether the client has left, or was cut off.</summary>
    public bool IsGone => _isGone || IsClosed;

    /// <summary>Whether it is to end with its request in progress.</summary>
    public bool IsEnding { get; private set; }

    /// <summary>Whether the header of a trusted proxy is still to come.</summary>
    private bool MustBeIntroduced => !IsIntroduced && entry.IsIntroduced(Remote.Address);

    /// <summary>How long the client may take until it asks for something.</summary>
    private TimeSpan RestLimit => MustBeIntroduced ? _introductionLimit : entry.Limits.KeepAliveTimeout;

    protected override MinDataRate? SlowestRate => entry.Limits.MinResponseDataRate;

    public override void Start()
    {
        _isReadable = true;
        TakeTurn();
        if (!IsClosed && !_isWatched)
        {
            Loop.Schedule(this, _watchAfter);
        }
    }

    public override void Watch()
    {
        if (_isWatched || IsClosed)
        {
            return;
        }

        _isWatched = true;
        if (Loop.Add(this, Events) != 0)
        {
            AbortNow();
        }
    }

    public void Watch(IClientWatcher? watcher)
    {
        _watcher = watcher;
        if (_isGone)
        {
            watcher?.OnClientGone();
        }
    }

    public override void RequestClose()
    {
        IsEnding = true;

        // A request may have come by now: it is the last.
        _isReadable = true;
        TakeTurn();
    }

    public override ValueTask SentAsync() => ValueTask.CompletedTask;

    public override int SendDirectly(ReadOnlySpan<byte> bytes)
    {
        var sent = Send(bytes);
        if (sent < 0)
        {
            AbortNow();
        }

        return Math.Max(sent, 0);
    }

    /// <summary>Sends what was written, or its beginning; false when the client is gone.</summary>
    /// <param name="output">What was written.</param>
    /// <param name="isLast">Whether the connection is closed as soon as it is sent: then its end goes in the same packet.</param>
    public bool TrySend(LaneOutput output, bool isLast)
    {
        var sent = Send(output.Rest, isLast ? Libc.MessageMore : 0);
        if (sent < 0)
        {
            AbortNow();
            return false;
        }

        output.Advance(sent);
        return true;
    }

    internal override void OnReady(uint events)
    {
        if ((events & ~Libc.EpollOut) != 0)
        {
            _isReadable = true;
            _isHungUp |= (events & ~(Libc.EpollIn | Libc.EpollOut)) != 0;
        }

        if ((events & Libc.EpollOut) != 0)
        {
            TellWritable();
        }

        TakeTurn();

        // What came before the end is a request all the same.
        if (_isHungUp && !IsClosed)
        {
            TellClientGone();
        }
    }

    internal override void OnDue()
    {
        if (IsBlocked)
        {
            JudgePatience();
        }
        else if (!_isWatched)
        {
            Watch();
        }
        else if (_request is null)
        {
            var still = RestLimit - Loop.Elapsed(_restedAt);
            if (still > TimeSpan.Zero)
            {
                Loop.Schedule(this, still);
            }
            else if (MustBeIntroduced)
            {
                Give();
            }
            else
            {
                End();
            }
        }
    }

    internal override void OnFault() => AbortNow();

    protected override void AbortNow()
    {
        if (IsClosed)
        {
            return;
        }

        Libc.ResetAtClose(Fd);
        CloseSocket();
        TellGone();
        TellClientGone();
        if (!_isServing)
        {
            Leave();
        }
    }

    // The time to wait for the next request is looked at when the timer fires, whatever it was set for.
    protected override void EndPatience() => Loop.ScheduleNoLater(this, RestLimit);

    private void TellClientGone()
    {
        _isGone = true;
        _watcher?.OnClientGone();
    }

    /// <summary>Closes the connection, whose client has all that was written.</summary>
    private void End()
    {
        if (_isReadable || !_isWatched)
        {
            Drain();
        }

        CloseSocket();
        Leave();
    }

    private void Leave()
    {
        if (_hasLeft)
        {
            return;
        }

        _hasLeft = true;
        TakeRequestBack();
        home.Remove(this);
    }

    private void TakeRequestBack()
    {
        if (_request is { } request)
        {
            _request = null;
            request.TakeBack();
        }
    }
}
