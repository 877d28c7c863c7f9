namespace Gateway.Configuration;

/// <summary>Keeps what came of the attempts to read the file, and counts what was put in force; may be used from any thread.</summary>
/// <remarks>The file's watcher and the API both write it. A change of the API is made of the file as it was last read right, and says
/// nothing about the file as it is: errors stay until the file has been read again and was right, since a start would
/// fail by them.</remarks>
internal sealed class ReloadRecord(DateTimeOffset started)
{
    private readonly Lock _lock = new();
    private ReloadStatus _status = new("", ReloadResult.Applied, [], started, started, Successes: 1, Failures: 0);

    /// <param name="revision">Revision of the configuration in use.</param>
    public ReloadStatus Status(string revision)
    {
        lock (_lock)
        {
            return _status with { Revision = revision };
        }
    }

    /// <summary>The file was read, and is in force.</summary>
    public void Applied(DateTimeOffset now)
    {
        lock (_lock)
        {
            _status = Right(now) with { LastSuccess = now, Successes = _status.Successes + 1 };
        }
    }

    /// <summary>The file was read and is right, and what is in force stays.</summary>
    public void FoundRight(DateTimeOffset now)
    {
        lock (_lock)
        {
            _status = Right(now);
        }
    }

    /// <summary>The file was read, and is not in force.</summary>
    public void Failed(ReloadResult result, IReadOnlyList<ConfigurationError> errors, DateTimeOffset now)
    {
        lock (_lock)
        {
            _status = _status with { LastResult = result, LastErrors = errors, LastAttempt = now, Failures = _status.Failures + 1 };
        }
    }

    /// <summary>Something was put in force without reading the file.</summary>
    public void Changed(DateTimeOffset now)
    {
        lock (_lock)
        {
            _status = _status with { LastSuccess = now, Successes = _status.Successes + 1 };
        }
    }

    private ReloadStatus Right(DateTimeOffset now) =>
        _status with { LastResult = ReloadResult.Applied, LastErrors = [], LastAttempt = now };
}
