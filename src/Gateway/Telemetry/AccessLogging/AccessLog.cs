using System.Runtime.InteropServices;

namespace Gateway.Telemetry.AccessLogging;

/// <summary>The access log: takes records from any thread without waiting, and writes their lines from one task in batches.
/// </summary>
/// <remarks>The line is made by the thread that has the record: it is about as long as the record, and what it is made of is at hand there.
/// Traffic never waits for the log. When records come faster than they can be written, those that find the
/// buffer full are dropped and counted. Exists only while the log is enabled.</remarks>
internal sealed partial class AccessLog : IHostedService, IDisposable
{
    /// <summary>How long a first record waits for company: a write and a wake-up for each record would cost more than
    /// making its line.</summary>
    private static readonly TimeSpan _linger = TimeSpan.FromMilliseconds(50);

    // Where a thread makes its lines.
    [ThreadStatic]
    private static LineWriter? _line;

    private readonly IAccessLines _lines;
    private readonly LineBuffer _waiting;
    private readonly CancellationTokenSource _stopping = new();
    private readonly AccessLogOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<AccessLog> _logger;
    private PosixSignalRegistration? _hangup;
    private Task _running = Task.CompletedTask;
    private bool _isFailing;
    private long _written;
    private long _dropped;

    public AccessLog(AccessLogOptions options, TimeProvider time, ILogger<AccessLog> logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _lines = options.Format == AccessLogFormat.Json
            ? new JsonAccessLines(options.Query)
            : new TextAccessLines(options.Query);
        _waiting = new LineBuffer(options.Buffer);
    }

    /// <summary>Whether query strings are written.</summary>
    public bool HasQueries => _options.Query;

    /// <summary>Records written since the start.</summary>
    public long Written => Volatile.Read(ref _written);

    /// <summary>Records lost since the start.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Hands over a record; never waits.</summary>
    public void Write(in AccessRecord record)
    {
        if (!_waiting.HasRoom || !_waiting.TryAppend(LineOf(record)))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    /// <summary>Opens the log; a file that cannot be opened is an error of the configuration and stops the start.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        IAccessSink sink;
        if (_options.Path is null)
        {
            sink = new AccessOutput(OperatingSystem.IsWindows() ? Console.OpenStandardOutput() : new DescriptorStream(DescriptorStream.StandardOutput));
        }
        else
        {
            var file = new AccessFile(_options.Path);
            sink = file;
            if (!OperatingSystem.IsWindows())
            {
                _hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
                {
                    // Left alone, the signal would end the process.
                    signal.Cancel = true;
                    file.Reopen();
                });
            }
        }

        // By then its source may be gone.
        var stopping = _stopping.Token;
        _running = Task.Run(() => RunAsync(sink, stopping), CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Writes what has come so far, for as long as <paramref name="cancellationToken"/> allows.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _waiting.Complete();
        await _stopping.CancelAsync();
        await _running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Takes no more records. Those that wait are still written, and the place is closed after them: a stop may not have had the
    /// time to wait for that.</summary>
    public void Dispose()
    {
        _hangup?.Dispose();
        _waiting.Complete();
        _stopping.Dispose();
        if (_running.IsCompleted)
        {
            _waiting.Dispose();
        }
    }

    /// <summary>The line of a record, until the thread makes the next.</summary>
    private ReadOnlySpan<byte> LineOf(in AccessRecord record)
    {
        var line = _line ??= new LineWriter();
        line.Clear();
        _lines.Write(record, line);
        return line.Written;
    }

    private async Task RunAsync(IAccessSink sink, CancellationToken stopping)
    {
        using var place = sink;
        while (await _waiting.WaitAsync())
        {
            await Task.Delay(_linger, _time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (_waiting.Take() is { Lines: > 0 } block)
            {
                Write(place, block);
                _waiting.Return(block);
            }
        }
    }

    private void Write(IAccessSink sink, in LineBuffer.Block block)
    {
        try
        {
            sink.Write(block.Written);
            Interlocked.Add(ref _written, block.Lines);
            if (_isFailing)
            {
                _isFailing = false;
                LogRecovered(Dropped);
            }
        }
        catch (IOException e)
        {
            // A full disk must not end anything; said once, and counted for each record.
            var kept = e is LinesLostException some ? block.Written[..some.Kept].Count((byte)'\n') : 0;
            Interlocked.Add(ref _written, kept);
            Interlocked.Add(ref _dropped, block.Lines - kept);
            if (!_isFailing)
            {
                _isFailing = true;
                LogFailed(_options.Path ?? "standard output", e.Message);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "The access log cannot be written to {Path}: {Error}. Records are dropped until it can.")]
    private partial void LogFailed(string path, string error);

    [LoggerMessage(LogLevel.Information, "The access log is written again; {Dropped} records were lost since the start.")]
    private partial void LogRecovered(long dropped);
}
