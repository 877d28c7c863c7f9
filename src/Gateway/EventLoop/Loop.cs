using System.Collections.Concurrent;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Gateway.EventLoop;

/// <summary>
/// One thread that waits for sockets to become ready and calls their owners. Everything on a loop happens on its
/// thread, one thing after another; only <see cref="Post"/>, <see cref="Run"/> and <see cref="Dispose"/> may be called
/// from others.
/// </summary>
internal sealed unsafe class Loop : IDisposable
{
    /// <summary>Bytes in <see cref="Buffer"/>.</summary>
    public const int BufferSize = 64 * 1024;

    private const int MaxEvents = 512;
    private const int Forever = -1;

    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly EpollEvents _events = new(MaxEvents);
    private readonly TimerWheel _timers = new();
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly Thread _thread;
    private readonly int _epoll;
    private readonly int _wake;
    private LoopSocket?[] _sockets = new LoopSocket?[1024];
    private List<LoopSocket> _deferred = [];
    private List<LoopSocket> _deferredNow = [];
    private DatagramBatch? _datagrams;
    private int _generation;
    private int _wakeRequested;
    private bool _stopping;

    public Loop(string name, TimeProvider time)
    {
        _time = time;
        _started = Now = time.GetTimestamp();
        _epoll = Check(Libc.EpollCreate(Libc.EpollCloseOnExec), "epoll_create1");
        _wake = Check(Libc.Event(0, Libc.EventNonBlockingCloseOnExec), "eventfd");

        // Edge-triggered: each write is an event of its own, and the counter need never be read.
        Control(Libc.EpollAdd, _wake, Libc.EpollIn | Libc.EpollEdge, generation: 0);
        _thread = new Thread(Work) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>The time at the beginning of this round, as a timestamp of the time provider.</summary>
    public long Now { get; private set; }

    /// <summary>Memory for whoever has the turn; its content does not survive the turn.</summary>
    public byte* Buffer { get; } = (byte*)NativeMemory.AlignedAlloc(BufferSize, 4096);

    public PipePool Pipes { get; } = new();

    /// <summary>Memory for datagrams, as <see cref="Buffer"/> is for bytes.</summary>
    public DatagramBatch Datagrams => _datagrams ??= new DatagramBatch();

    private long NowMilliseconds => (long)_time.GetElapsedTime(_started, Now).TotalMilliseconds;

    public bool IsCurrentThread => Thread.CurrentThread == _thread;

    /// <summary>Has <paramref name="action"/> called on the loop's thread, soon.</summary>
    public void Post(Action action)
    {
        _posted.Enqueue(action);
        if (Interlocked.Exchange(ref _wakeRequested, 1) == 0)
        {
            var one = 1UL;
            _ = Libc.Write(_wake, &one, sizeof(ulong));
        }
    }

    /// <summary>Calls <paramref name="action"/> on the loop's thread and waits until it has ended.</summary>
    public void Run(Action action)
    {
        if (IsCurrentThread)
        {
            action();
            return;
        }

        using var done = new ManualResetEventSlim();
        Post(() =>
        {
            action();
            done.Set();
        });
        done.Wait();
    }

    /// <summary>Watches a socket for these epoll events.</summary>
    public void Add(LoopSocket socket, uint events)
    {
        if (socket.Fd >= _sockets.Length)
        {
            Array.Resize(ref _sockets, Math.Max(socket.Fd + 1, _sockets.Length * 2));
        }

        socket.Generation = ++_generation;
        _sockets[socket.Fd] = socket;
        Control(Libc.EpollAdd, socket.Fd, events, socket.Generation);
    }

    /// <summary>Changes what a socket is watched for.</summary>
    public void Modify(LoopSocket socket, uint events) =>
        Control(Libc.EpollModify, socket.Fd, events, socket.Generation);

    /// <summary>Has <see cref="LoopTimer.OnDue"/> called after a while, instead of when it was set to.</summary>
    public void Schedule(LoopTimer timer, TimeSpan after) =>
        _timers.Schedule(timer, NowMilliseconds + (long)after.TotalMilliseconds);

    public void Cancel(LoopTimer timer) => _timers.Cancel(timer);

    /// <summary>Gives others a turn before <paramref name="socket"/> goes on.</summary>
    public void Defer(LoopSocket socket)
    {
        if (!socket.IsDeferred)
        {
            socket.IsDeferred = true;
            _deferred.Add(socket);
        }
    }

    /// <summary>Ends the loop; its sockets must have been closed before.</summary>
    public void Dispose()
    {
        Post(() => _stopping = true);
        _thread.Join();
        _ = Libc.Close(_epoll);
        _ = Libc.Close(_wake);
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

    private static int Check(int result, string call) =>
        result >= 0 ? result : throw new Win32Exception(Libc.Errno, $"{call}: {Marshal.GetPInvokeErrorMessage(Libc.Errno)}");

    private void Control(int operation, int fd, uint events, int generation)
    {
        var @event = stackalloc byte[EpollEvents.Size];
        EpollEvents.Write(@event, events, fd, generation);
        Check(Libc.EpollControl(_epoll, operation, fd, @event), "epoll_ctl");
    }

    private void Work()
    {
        while (!_stopping)
        {
            var timeout = _deferred.Count > 0 ? 0 : _timers.Count > 0 ? TimerWheel.TickMilliseconds : Forever;
            var count = Libc.EpollWait(_epoll, _events.Pointer, _events.Capacity, timeout);
            Now = _time.GetTimestamp();
            for (var i = 0; i < count; i++)
            {
                _events.Read(i, out var events, out var fd, out var generation);
                if (fd == _wake)
                {
                    RunPosted();
                }
                else if (_sockets[fd] is { } socket && socket.Generation == generation)
                {
                    socket.OnReady(events);
                }
            }

            RunDeferred();
            _timers.Advance(NowMilliseconds);
        }
    }

    private void RunPosted()
    {
        // Cleared first: what is posted from here on wakes the loop again.
        Interlocked.Exchange(ref _wakeRequested, 0);
        while (_posted.TryDequeue(out var action))
        {
            action();
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
                socket.OnDeferred();
            }
        }

        _deferredNow.Clear();
    }
}
