namespace Gateway.Telemetry.AccessLogging;

/// <summary>Lines that wait to be written: appended by any thread without waiting for more than a copy, and taken by one task
/// in blocks.</summary>
/// <param name="capacity">How many lines may wait; and as many KiB, for lines that are long because strangers want it.</param>
internal sealed class LineBuffer(int capacity) : IDisposable
{
    /// <summary>Size of a block; large enough that the system call for each does not matter.</summary>
    private const int BlockBytes = 64 * 1024;

    // As many as come while some are written are used again and again; after a jam the rest is let go.
    private const int MostSpares = 8;

    private readonly Lock _gate = new();
    private readonly Queue<Block> _full = new();
    private readonly Stack<byte[]> _spare = new();
    private readonly SemaphoreSlim _wake = new(0);
    private byte[] _bytes = new byte[BlockBytes];
    private int _length;
    private int _lines;
    private int _waiting;
    private long _waitingBytes;
    private bool _isAsleep;
    private bool _isComplete;

    /// <summary>Whether a line would be taken just now.</summary>
    public bool HasRoom => Volatile.Read(ref _waiting) < capacity && Volatile.Read(ref _waitingBytes) < 1024L * capacity
        && !Volatile.Read(ref _isComplete);

    /// <summary>Appends a line with its end; false when too many wait, or nobody writes them any more.</summary>
    public bool TryAppend(ReadOnlySpan<byte> line)
    {
        var wakes = false;
        lock (_gate)
        {
            if (!HasRoom)
            {
                return false;
            }

            if (_bytes.Length - _length < line.Length)
            {
                BeginBlock(line.Length);
            }

            line.CopyTo(_bytes.AsSpan(_length));
            _length += line.Length;
            _lines++;
            _waiting++;
            _waitingBytes += line.Length;
            if (_isAsleep)
            {
                _isAsleep = false;
                wakes = true;
            }
        }

        if (wakes)
        {
            _wake.Release();
        }

        return true;
    }

    /// <summary>Waits until there are lines; false when there will be no more.</summary>
    public async ValueTask<bool> WaitAsync()
    {
        lock (_gate)
        {
            if (_waiting > 0 || _isComplete)
            {
                return _waiting > 0;
            }

            _isAsleep = true;
        }

        await _wake.WaitAsync();
        return await WaitAsync();
    }

    /// <summary>Takes the lines that wait longest; empty when there are none.</summary>
    public Block Take()
    {
        lock (_gate)
        {
            if (_full.Count == 0 && _lines > 0)
            {
                BeginBlock(0);
            }

            var block = _full.Count > 0 ? _full.Dequeue() : default;
            _waiting -= block.Lines;
            _waitingBytes -= block.Length;
            return block;
        }
    }

    /// <summary>Gives back a block whose lines are written.</summary>
    public void Return(in Block block)
    {
        lock (_gate)
        {
            if (_spare.Count < MostSpares && block.Bytes.Length == BlockBytes)
            {
                _spare.Push(block.Bytes);
            }
        }
    }

    /// <summary>Takes no more lines.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _isComplete = true;
            if (!_isAsleep)
            {
                return;
            }

            _isAsleep = false;
        }

        _wake.Release();
    }

    public void Dispose() => _wake.Dispose();

    private void BeginBlock(int least)
    {
        if (_lines > 0)
        {
            _full.Enqueue(new Block(_bytes, _length, _lines));
        }

        _bytes = least > BlockBytes ? new byte[least] : _spare.TryPop(out var spare) ? spare : new byte[BlockBytes];
        _length = _lines = 0;
    }

    /// <summary>Some lines, one after the other.</summary>
    internal readonly record struct Block(byte[] Bytes, int Length, int Lines)
    {
        public ReadOnlySpan<byte> Written => Bytes.AsSpan(0, Length);
    }
}
