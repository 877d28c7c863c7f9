using System.Collections.Concurrent;
using System.ComponentModel;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Gateway.EventLoop;

/// <summary>
/// One thread that waits for sockets to become ready and calls their owners. Everything on a loop happens on its
/// thread, one thing after another; only <see cref="Post"/>, <see cref="Run"/> and <see cref="Dispose"/> may be called
/// from others.
/// </summary>
/// <remarks>
/// An exception that escapes from one owner is logged and ends that owner's socket only: the thread carries thousands of
/// connections that have nothing to do with it, and an unhandled exception would end the process.
/// </remarks>
internal sealed unsafe partial class Loop : IDisposable
{
    /// <summary>Bytes in <see cref="Buffer"/>.</summary>
    public const int BufferSize = 64 * 1024;

    private const int MaxEvents = 512;

    // A handshake of TLS takes about a millisecond; what is ready besides waits for no more than these.
    private const int LongPiecesPerRound = 8;
    private const int Forever = -1;

    private readonly ConcurrentQueue<(Action Action, Action? Fault)> _posted = new();
    private readonly EpollEvents _events = new(MaxEvents);
    private readonly TimerWheel _timers;
    private readonly ILogger _logger;
    private readonly Lock _wakeGate = new();
    private readonly long _started;
    private readonly Thread _thread;
    private readonly int _epoll;
    private readonly int _wake;
    private LoopSocket?[] _sockets = new LoopSocket?[1024];
    private List<LoopSocket> _deferred = [];
    private List<LoopSocket> _deferredNow = [];
    private DatagramBatch? _datagrams;
    private int _event;
    private int _eventCount;
    private int _generation;
    private int _wakeRequested;
    private int _longPieces;
    private bool _stopping;
    private bool _closed;

    public Loop(string name, TimeProvider time, ILogger logger)
    {
        Time = time;
        _logger = logger;
        _timers = new TimerWheel((timer, e) => OnFault(e, timer));
        _started = Now = time.GetTimestamp();
        _epoll = Check(Libc.EpollCreate(Libc.EpollCloseOnExec), "epoll_create1");
        _wake = Check(Libc.Event(0, Libc.EventNonBlockingCloseOnExec), "eventfd");

        // Edge-triggered: each write is an event of its own, and the counter need never be read.
        Check(Control(Libc.EpollAdd, _wake, Libc.EpollIn | Libc.EpollEdge, generation: 0), "epoll_ctl");
        _thread = new Thread(Work) { IsBackground = true, Name = name };
        _thread.Start();
    }

    public TimeProvider Time { get; }

    /// <summary>The time at the beginning of this round, as a timestamp of the time provider.</summary>
    public long Now { get; private set; }

    /// <summary>Memory for whoever has the turn; its content does not survive the turn.</summary>
    public byte* Buffer { get; } = (byte*)NativeMemory.AlignedAlloc(BufferSize, 4096);

    /// <summary>Counts the rounds: tells whether others had their turn in between.</summary>
    public long Round { get; private set; }

    /// <summary>The last round before this one in which the kernel told of everything that was ready, not of as much as one round
    /// can take.</summary>
    public long LastWholeRound { get; private set; }

    public PipePool Pipes { get; } = new();

    /// <summary>Memory for datagrams, as <see cref="Buffer"/> is for bytes.</summary>
    public DatagramBatch Datagrams => _datagrams ??= new DatagramBatch();

    private long NowMilliseconds => (long)Time.GetElapsedTime(_started, Now).TotalMilliseconds;

    public bool IsCurrentThread => Thread.CurrentThread == _thread;

    /// <summary>Has <paramref name="action"/> called on the loop's thread, soon; never, once the loop has ended.</summary>
    /// <param name="action">What to do.</param>
    /// <param name="fault">What to do after it threw, which is logged in any case.</param>
    public void Post(Action action, Action? fault = null)
    {
        _posted.Enqueue((action, fault));
        if (Interlocked.Exchange(ref _wakeRequested, 1) != 0)
        {
            return;
        }

        // The number of a closed descriptor may already be that of another file.
        lock (_wakeGate)
        {
            if (!_closed)
            {
                var one = 1UL;
                _ = Libc.Write(_wake, &one, sizeof(ulong));
            }
        }
    }

    /// <summary>Awaited, goes on on the loop's thread; at once where that is the present one.</summary>
    public LoopSwitch SwitchAsync() => new(this);

    /// <summary>Time from a timestamp to the beginning of this round.</summary>
    public TimeSpan Elapsed(long since) => Time.GetElapsedTime(since, Now);

    /// <summary>Calls <paramref name="action"/> on the loop's thread and waits until it has ended; what it throws is
    /// thrown here.</summary>
    public void Run(Action action)
    {
        if (IsCurrentThread)
        {
            action();
            return;
        }

        ObjectDisposedException.ThrowIf(_closed, this);
        using var done = new ManualResetEventSlim();
        ExceptionDispatchInfo? thrown = null;
        Post(() =>
        {
            try
            {
                action();
            }
            catch (Exception e)
            {
                thrown = ExceptionDispatchInfo.Capture(e);
            }

            done.Set();
        });
        done.Wait();
        thrown?.Throw();
    }

    /// <summary>Watches a socket for these epoll events; returns 0, or the error: the kernel limits how many descriptors
    /// a user may watch (fs.epoll.max_user_watches), and its memory.</summary>
    public int Add(LoopSocket socket, uint events) => Watch(Libc.EpollAdd, socket, events);

    /// <summary>The same for a descriptor that was another object's and is watched already; what it is ready for is reported anew.
    /// </summary>
    public int Take(LoopSocket socket, uint events) => Watch(Libc.EpollModify, socket, events);

    private int Watch(int operation, LoopSocket socket, uint events)
    {
        if (socket.Fd >= _sockets.Length)
        {
            Array.Resize(ref _sockets, Math.Max(socket.Fd + 1, _sockets.Length * 2));
        }

        socket.Generation = ++_generation;
        _sockets[socket.Fd] = socket;
        if (Control(operation, socket.Fd, events, socket.Generation) == 0)
        {
            return 0;
        }

        var error = Libc.Errno;
        _sockets[socket.Fd] = null;
        return error;
    }

    /// <summary>Changes what a socket is watched for.</summary>
    public void Modify(LoopSocket socket, uint events) =>
        Check(Control(Libc.EpollModify, socket.Fd, events, socket.Generation), "epoll_ctl");

    /// <summary>Whether an event of this socket may be among those whose turn is still to come.</summary>
    public bool HasEventAhead(LoopSocket socket)
    {
        if (_eventCount == MaxEvents)
        {
            // There may have been more than one round can take.
            return true;
        }

        for (var i = _event + 1; i < _eventCount; i++)
        {
            _events.Read(i, out _, out var fd, out _);
            if (fd == socket.Fd)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Has <see cref="LoopTimer.OnDue"/> called after a while, instead of when it was set to.</summary>
    public void Schedule(LoopTimer timer, TimeSpan after)
    {
        AssertOwnThread();
        _timers.Schedule(timer, NowMilliseconds + (long)after.TotalMilliseconds);
    }

    /// <summary>The same, but where it is set to an earlier time it stays so: for those who look when they are called whether it is
    /// time, and put it off more often than it comes.</summary>
    public void ScheduleNoLater(LoopTimer timer, TimeSpan after)
    {
        var due = NowMilliseconds + (long)after.TotalMilliseconds;
        if (!timer.IsScheduled || timer.DueTick * TimerWheel.TickMilliseconds > due)
        {
            Schedule(timer, after);
        }
    }

    public void Cancel(LoopTimer timer)
    {
        AssertOwnThread();
        _timers.Cancel(timer);
    }

    // A timer set from elsewhere could break the lists of all others, which nobody would connect with its cause.
    private void AssertOwnThread()
    {
        if (!IsCurrentThread)
        {
            throw new InvalidOperationException("The timers of a loop are set and cancelled on its thread.");
        }
    }

    /// <summary>Gives others a turn before <paramref name="socket"/> goes on.</summary>
    public void Defer(LoopSocket socket)
    {
        if (!socket.IsDeferred)
        {
            socket.IsDeferred = true;
            _deferred.Add(socket);
        }
    }

    /// <summary>Whether a piece of work that takes long may be done in this round. For those that were deferred, and defer
    /// themselves again if not: then none is passed by.</summary>
    public bool TryTakeLongPiece()
    {
        if (_longPieces == LongPiecesPerRound)
        {
            return false;
        }

        _longPieces++;
        return true;
    }

    /// <summary>Ends the loop; its sockets must have been closed before.</summary>
    public void Dispose()
    {
        Post(() => _stopping = true);
        _thread.Join();
        lock (_wakeGate)
        {
            _closed = true;
            _ = Libc.Close(_wake);
        }

        _ = Libc.Close(_epoll);
        _events.Dispose();
        Pipes.Dispose();
        _datagrams?.Dispose();
        NativeMemory.AlignedFree(Buffer);
    }

    /// <summary>Forgets a socket that is about to be closed, which also ends the kernel's watch.</summary>
    internal void Remove(LoopSocket socket)
    {
        _timers.Cancel(socket);
        if (socket.Fd < _sockets.Length && _sockets[socket.Fd] == socket)
        {
            _sockets[socket.Fd] = null;
        }
    }

    /// <summary>Forgets a socket that stays open for somebody else.</summary>
    internal void Leave(LoopSocket socket)
    {
        Check(Control(Libc.EpollDelete, socket.Fd, 0, socket.Generation), "epoll_ctl");
        Remove(socket);
    }

    private static int Check(int result, string call) =>
        result >= 0 ? result : throw new Win32Exception(Libc.Errno, $"{call}: {Marshal.GetPInvokeErrorMessage(Libc.Errno)}");

    private int Control(int operation, int fd, uint events, int generation)
    {
        var @event = stackalloc byte[EpollEvents.Size];
        EpollEvents.Write(@event, events, fd, generation);
        return Libc.EpollControl(_epoll, operation, fd, @event);
    }
}
