using System.Security.Cryptography;
using Gateway.Clusters;

namespace Gateway.Relay.Tls;

/// <summary>Something read from files, and read again when one of them has changed. May be used from any thread.</summary>
/// <param name="paths">The files.</param>
/// <param name="read">Reads them all.</param>
/// <param name="time">The clock by which they are looked at: no more than once a second.</param>
/// <param name="fault">Told when they cannot be read, once for each state of theirs.</param>
/// <remarks>A certificate and its key are replaced one after the other. While they cannot be read the old version stays, and each look
/// tries again, whether anything has changed since the last or not.</remarks>
internal sealed class ReloadedFiles<T>(IReadOnlyList<string> paths, Func<T> read, TimeProvider time, Action<Exception> fault)
    where T : class
{
    private static readonly TimeSpan _between = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private T? _current;
    private FileStamp?[] _read = [];
    private FileStamp?[] _told = [];
    private bool _isAsked;
    private long _looked;

    /// <summary>The newest version that could be read; throws what reading throws when there never was one.</summary>
    public T Current
    {
        get
        {
            lock (_gate)
            {
                if (_current is null || _isAsked || time.GetElapsedTime(_looked) >= _between)
                {
                    LookNeedsLock();
                }

                return _current!;
            }
        }
    }

    /// <summary>Has the files read when they are asked for next, changed or not.</summary>
    public void ReadAgain()
    {
        lock (_gate)
        {
            _isAsked = true;
        }
    }

    private void LookNeedsLock()
    {
        _looked = time.GetTimestamp();
        // Taken first: a change while the files are read makes the stamps old, and they are read again.
        FileStamp?[] stamps = [.. paths.Select(FileStamp.Of)];
        if (_current is not null && !_isAsked && stamps.AsSpan().SequenceEqual(_read))
        {
            return;
        }

        try
        {
            _current = read();
            _read = stamps;
            _isAsked = false;
        }
        catch (Exception e) when (_current is not null && e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            // Neither is tried at each connection, nor told at each look.
            _isAsked = false;
            _read = [];
            if (!stamps.AsSpan().SequenceEqual(_told))
            {
                _told = stamps;
                fault(e);
            }
        }
    }
}
