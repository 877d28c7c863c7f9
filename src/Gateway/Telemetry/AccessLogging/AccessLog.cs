using System.Buffers;
using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace Gateway.Telemetry.AccessLogging;

/// <summary>The access log: takes records from any thread without waiting, and writes them from one task in batches.
/// </summary>
/// <remarks>Traffic never waits for the log. When records come faster than they can be written, those that find the
/// buffer full are dropped and counted. Exists only while the log is enabled.</remarks>
internal sealed partial class AccessLog : IHostedService, IDisposable
{
    /// <summary>How long a first record waits for company: a write and a wake-up for each record would cost more than
    /// making its line.</summary>
    private static readonly TimeSpan _linger = TimeSpan.FromMilliseconds(50);

    /// <summary>Size at which a batch is written; large enough that the system call does not matter.</summary>
    private const int BatchBytes = 64 * 1024;

    private readonly Channel<AccessRecord> _queue;
    private readonly ArrayBufferWriter<byte> _batch = new(BatchBytes + 4096);
    private readonly CancellationTokenSource _stopping = new();
    private readonly AccessLogOptions _options;
    private readonly IAccessLines _lines;
    private readonly TimeProvider _time;
    private readonly ILogger<AccessLog> _logger;
    private IAccessSink? _sink;
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
        _queue = Channel.CreateBounded<AccessRecord>(new BoundedChannelOptions(options.Buffer) { SingleReader = true });
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
        if (!_queue.Writer.TryWrite(record))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    /// <summary>Opens the log; a file that cannot be opened is an error of the configuration and stops the start.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_options.Path is null)
        {
            _sink = new AccessOutput();
        }
        else
        {
            var file = new AccessFile(_options.Path);
            _sink = file;
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

        _running = Task.Run(() => RunAsync(_sink), CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Writes what has come so far, for as long as <paramref name="cancellationToken"/> allows.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        await _stopping.CancelAsync();
        await _running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        _hangup?.Dispose();
        _stopping.Dispose();
        if (_running.IsCompleted)
        {
            _sink?.Dispose();
            (_lines as IDisposable)?.Dispose();
        }
    }

    private async Task RunAsync(IAccessSink sink)
    {
        while (await _queue.Reader.WaitToReadAsync())
        {
            await Task.Delay(_linger, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (TakeBatch() is var count and > 0)
            {
                WriteBatch(sink, count);
            }
        }
    }

    /// <summary>Fills the batch with what is waiting, and returns how many records that was.</summary>
    private int TakeBatch()
    {
        var count = 0;
        _batch.ResetWrittenCount();
        while (_batch.WrittenCount < BatchBytes && _queue.Reader.TryRead(out var record))
        {
            _lines.Write(record, _batch);
            count++;
        }

        return count;
    }

    private void WriteBatch(IAccessSink sink, int count)
    {
        try
        {
            sink.Write(_batch.WrittenSpan);
            Interlocked.Add(ref _written, count);
            if (_isFailing)
            {
                _isFailing = false;
                LogRecovered(Dropped);
            }
        }
        catch (IOException e)
        {
            // A full disk must not end anything; said once, and counted for each record.
            Interlocked.Add(ref _dropped, count);
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
