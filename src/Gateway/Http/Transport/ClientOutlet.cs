using System.Net.Sockets;
using Gateway.EventLoop;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Http.Transport;

/// <summary>A client's socket as far as sending goes: what is taken at once, and how long is waited for a client that takes no
/// more. Used on the loop's thread.</summary>
internal abstract class ClientOutlet(Loop loop, int fd) : LoopSocket(loop, fd)
{
    /// <summary>What a client's socket is watched for. Edge-triggered, so once is enough.</summary>
    protected const uint Events = Libc.EpollIn | Libc.EpollOut | Libc.EpollReadHangup | Libc.EpollEdge;

    // Others get their turn when a client never stops sending.
    protected const int ReadsPerTurn = 16;

    // Most clients take everything at once.
    private LoopSignal? _writable;
    private MinDataRate? _slowest;
    private long _blocked;
    private int _queued;
    private int _seen;

    /// <summary>How slowly the client may take an answer; null when somebody else sees to it.</summary>
    protected abstract MinDataRate? SlowestRate { get; }

    /// <summary>Whether the client is waited for.</summary>
    protected bool IsBlocked => _writable is { IsWaiting: true };

    /// <summary>Has the kernel watch the socket, if it does not yet.</summary>
    public abstract void Watch();

    /// <summary>Resets the connection; from any thread.</summary>
    public void Abort()
    {
        if (Loop.IsCurrentThread)
        {
            AbortNow();
        }
        else
        {
            Loop.Post(AbortNow);
        }
    }

    /// <summary>Waits until all that was written elsewhere is sent, or the connection has ended, which the next flush tells.</summary>
    public abstract ValueTask SentAsync();

    /// <summary>Sends bytes that were written nowhere, as many as are taken at once; for who has flushed what was written.</summary>
    /// <returns>How many; 0 as well while what was flushed is not sent, or when the client is gone, which the next flush tells.
    /// </returns>
    public abstract int SendDirectly(ReadOnlySpan<byte> bytes);

    /// <summary>Sends from a pipe what is taken at once; as <see cref="SendDirectly"/>, and never before <see cref="SentAsync"/>.
    /// </summary>
    /// <returns>How many bytes that were.</returns>
    public unsafe int SendFrom(Pipe pipe)
    {
        var before = pipe.Length;
        while (pipe.Length > 0 && !IsClosed)
        {
            var sent = (int)Libc.Splice(pipe.ReadEnd, null, Fd, null, pipe.Length, Libc.SpliceMoveNonBlocking);
            if (sent <= 0)
            {
                if (sent < 0 && Libc.Errno is not (Libc.ErrorAgain or Libc.ErrorInterrupted))
                {
                    AbortNow();
                }

                break;
            }

            pipe.Length -= sent;
        }

        return before - pipe.Length;
    }

    /// <summary>Waits until the client takes more; false when it is gone.</summary>
    public async ValueTask<bool> WritableAsync()
    {
        Watch();
        if (IsClosed)
        {
            return false;
        }

        _seen = Libc.Unsent(Fd);
        BeginPatience();
        try
        {
            await (_writable ??= new LoopSignal()).WaitForCompletionAsync();
        }
        catch (SocketException)
        {
            return false;
        }

        if (!IsClosed)
        {
            EndPatience();
        }

        return !IsClosed;
    }

    /// <summary>The slowest rate is another one: it holds for a client that is waited for already, too.</summary>
    public void JudgeFromNow()
    {
        if (IsBlocked && !IsClosed)
        {
            _seen = Libc.Unsent(Fd);
            BeginPatience();
        }
    }

    /// <summary>Whether the client has acknowledged bytes since it is waited for, or since this was asked last; true as well while it is not
    /// waited for.</summary>
    public bool HasTakenSome()
    {
        if (!IsBlocked)
        {
            return true;
        }

        var before = _seen;
        _seen = Libc.Unsent(Fd);
        return _seen < before;
    }

    /// <summary>Resets the connection, on the loop's thread.</summary>
    protected abstract void AbortNow();

    /// <summary>The kernel says that the client takes more.</summary>
    protected void TellWritable() => _writable?.TryComplete(0);

    /// <summary>The client takes no more.</summary>
    protected void TellGone() => _writable?.TryFail(SocketError.OperationAborted);

    /// <summary>The client is no longer waited for.</summary>
    protected virtual void EndPatience() => Loop.Cancel(this);

    /// <summary>Ends the connection of a client that has taken bytes at less than the slowest rate while it was waited for.
    /// </summary>
    protected void JudgePatience()
    {
        if (_slowest is not { } slowest)
        {
            return;
        }

        if (_queued - Libc.Unsent(Fd) >= slowest.BytesPerSecond * Loop.Elapsed(_blocked).TotalSeconds)
        {
            Loop.Schedule(this, slowest.GracePeriod);
        }
        else
        {
            AbortNow();
        }
    }

    /// <summary>Sends as many bytes as are taken at once; -1 when the client is gone.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="flags">How, beside that nobody is sent a signal.</param>
    protected unsafe int Send(ReadOnlySpan<byte> bytes, int flags = 0)
    {
        if (IsClosed)
        {
            return -1;
        }

        nint sent;
        fixed (byte* start = bytes)
        {
            sent = Libc.Send(Fd, start, bytes.Length, Libc.MessageNoSignal | flags);
        }

        return sent >= 0 ? (int)sent : Libc.Errno is Libc.ErrorAgain or Libc.ErrorInterrupted ? 0 : -1;
    }

    /// <summary>Takes what has come and nobody reads: closing the socket would have the kernel reset the connection, and throw
    /// away what is on its way to the client.</summary>
    protected unsafe void Drain()
    {
        for (var i = 0; i < ReadsPerTurn && !IsClosed; i++)
        {
            if (Libc.Receive(Fd, Loop.Buffer, EventLoop.Loop.BufferSize, 0) < EventLoop.Loop.BufferSize)
            {
                return;
            }
        }
    }

    /// <summary>From now on ends the connection when the client takes bytes at less than the slowest rate, after the grace period,
    /// where it is not Kestrel that sees to it.</summary>
    /// <remarks>What the client takes is what the kernel need not keep any longer; it says that there is room again only when
    /// there is a lot.</remarks>
    private void BeginPatience()
    {
        _slowest = SlowestRate;
        if (_slowest is { } slowest)
        {
            _queued = _seen;
            _blocked = Loop.Now;
            Loop.Schedule(this, slowest.GracePeriod);
        }
    }
}
