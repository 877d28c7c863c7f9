using Gateway.Telemetry.Meters;

namespace Gateway.Telemetry.Prometheus;

/// <summary>The page <c>/metrics</c>: collects at most once a second, and one scrape at a time.</summary>
/// <remarks>
/// Several scrapers at once then cost as much as one, and a flood of requests no more than one a second.
/// The SDK gives the places of instruments that are gone back when it collects for this page, and has a fixed number of them. So it
/// collects when instruments were replaced, too, or they would run out where nobody scrapes.
/// </remarks>
internal sealed class MetricsPage : IDisposable
{
    /// <summary>Shorter than any interval people scrape at, longer than a burst of scrapers.</summary>
    private static readonly TimeSpan _keptFor = TimeSpan.FromSeconds(1);

    /// <summary>Most time for a collection; Prometheus itself gives up after 10 s by default.</summary>
    private static readonly TimeSpan _collectTimeout = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _oneAtATime = new(1, 1);
    private readonly byte[]?[] _pages = new byte[]?[Enum.GetValues<PrometheusFormat>().Length];
    private readonly PrometheusExporter _exporter;
    private readonly TimeProvider _time;
    private long? _collectedAt;
    private int _isReleasing;

    public MetricsPage(PrometheusExporter exporter, TimeProvider time, GatewayMeter? meter = null)
    {
        _exporter = exporter;
        _time = time;
        if (meter is not null)
        {
            meter.Replaced += Release;
        }
    }

    /// <summary>Ends when the places of all instruments replaced so far are given back.</summary>
    public Task Released { get; private set; } = Task.CompletedTask;

    /// <summary>The page as bytes, or null when the metrics could not be collected in time.</summary>
    public async ValueTask<byte[]?> RenderAsync(PrometheusFormat format, CancellationToken cancellation)
    {
        await _oneAtATime.WaitAsync(cancellation);
        try
        {
            if ((_collectedAt is not { } at || _time.GetElapsedTime(at) >= _keptFor) && !Collect())
            {
                return null;
            }

            return _pages[(int)format] ??= PrometheusText.Write(_exporter.Families, format);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    public void Dispose()
    {
        Released.GetAwaiter().GetResult();
        _oneAtATime.Dispose();
    }

    /// <summary>Has a thread of its own collect: whoever replaces instruments holds the store's lock.</summary>
    private void Release()
    {
        if (Interlocked.Exchange(ref _isReleasing, 1) == 0)
        {
            Released = Task.Run(ReleaseAsync);
        }
    }

    private async Task ReleaseAsync()
    {
        await _oneAtATime.WaitAsync();
        try
        {
            Volatile.Write(ref _isReleasing, 0);
            Collect();
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>Collects anew; false when it took too long, or there is nothing to collect from yet.</summary>
    private bool Collect()
    {
        // From before, since what changes meanwhile may be missing from the page.
        var at = _time.GetTimestamp();
        if (_exporter.Collect is not { } collect || !collect((int)_collectTimeout.TotalMilliseconds))
        {
            return false;
        }

        Array.Clear(_pages);
        _collectedAt = at;
        return true;
    }
}
