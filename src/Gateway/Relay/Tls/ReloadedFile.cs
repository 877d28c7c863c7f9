namespace Gateway.Relay.Tls;

/// <summary>Something read from a file, and read again when the file has changed. May be used from any thread.</summary>
/// <remarks>The file is looked at no more than once a second. While a new version cannot be read, the old one stays.</remarks>
internal sealed class ReloadedFile<T>(string path, Func<T> read, TimeProvider time, Action<Exception> fault)
    where T : class
{
    private static readonly TimeSpan _between = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private T? _current;
    private (DateTime Written, long Length) _seen;
    private long _looked;

    /// <summary>The newest version that could be read; throws what reading throws when there never was one.</summary>
    public T Current
    {
        get
        {
            lock (_gate)
            {
                if (_current is null || time.GetElapsedTime(_looked) >= _between)
                {
                    LookNeedsLock();
                }

                return _current!;
            }
        }
    }

    private void LookNeedsLock()
    {
        _looked = time.GetTimestamp();
        var file = new FileInfo(path);
        var stamp = file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
        if (_current is not null && stamp == _seen)
        {
            return;
        }

        _seen = stamp;
        try
        {
            _current = read();
        }
        catch (Exception e) when (_current is not null
            && e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            fault(e);
        }
    }
}
