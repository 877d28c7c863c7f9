namespace Gateway.EventLoop;

/// <summary>A pipe through which splice moves bytes from one socket to another without copying them.</summary>
internal sealed class Pipe(int readEnd, int writeEnd, int size)
{
    public int ReadEnd { get; } = readEnd;

    public int WriteEnd { get; } = writeEnd;

    /// <summary>Bytes it holds at most.</summary>
    public int Size { get; } = size;

    /// <summary>Bytes in it.</summary>
    public int Length { get; set; }
}

/// <summary>The pipes of one loop: taken while bytes are in them, given back when empty. Not thread-safe.</summary>
/// <remarks>
/// Linux gives a user without privileges 64 MiB of pipes of any size (fs.pipe-user-pages-soft) and after that only tiny
/// ones. A pipe that cannot be had, or not at a useful size, or only with the last descriptors, is a reason to copy, not an error.
/// </remarks>
internal sealed unsafe class PipePool : IDisposable
{
    // The most a user without privileges can have in one pipe (fs.pipe-max-size); bulk costs a third less than by half.
    private const int LargeSize = 1024 * 1024;
    private const int SmallSize = 256 * 1024;

    // Beyond these, idle pipes are closed, for the sake of others with the same user.
    private const int MaxIdle = 16;

    // A client that stops reading keeps a pipe, and up to its size in memory of the kernel: beyond these, bytes are copied.
    private const int MaxTaken = 256;

    private readonly Stack<Pipe> _idle = new();
    private int _taken;

    /// <summary>An empty pipe, or null when there is none to be had.</summary>
    public Pipe? Take()
    {
        if (_taken == MaxTaken)
        {
            return null;
        }

        var pipe = _idle.TryPop(out var idle) ? idle : Open();
        _taken += pipe is null ? 0 : 1;
        return pipe;
    }

    /// <summary>Gives a pipe back; one that still holds bytes is closed, and they are lost.</summary>
    public void Return(Pipe pipe)
    {
        _taken--;
        if (pipe.Length == 0 && _idle.Count < MaxIdle)
        {
            _idle.Push(pipe);
        }
        else
        {
            Close(pipe);
        }
    }

    public void Dispose()
    {
        while (_idle.TryPop(out var pipe))
        {
            Close(pipe);
        }
    }

    private static Pipe? Open()
    {
        var ends = stackalloc int[2];
        if (Libc.Pipe(ends, Libc.PipeNonBlockingCloseOnExec) != 0)
        {
            return null;
        }

        if (Descriptors.IsReserved(Math.Max(ends[0], ends[1])))
        {
            Close(ends[0], ends[1]);
            return null;
        }

        foreach (var size in (ReadOnlySpan<int>)[LargeSize, SmallSize])
        {
            if (Libc.Control(ends[1], Libc.SetPipeSize, size) >= size)
            {
                return new Pipe(ends[0], ends[1], size);
            }
        }

        Close(ends[0], ends[1]);
        return null;
    }

    private static void Close(Pipe pipe) => Close(pipe.ReadEnd, pipe.WriteEnd);

    private static void Close(int readEnd, int writeEnd)
    {
        _ = Libc.Close(readEnd);
        _ = Libc.Close(writeEnd);
    }
}
