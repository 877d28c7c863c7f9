namespace Gateway.Telemetry.Prometheus;

/// <summary>The page <c>/metrics</c>: collects at most once a second, and one scrape at a time.</summary>
/// <remarks>Several scrapers at once then cost as much as one, and a flood of requests no more than one a second.
/// </remarks>
internal sealed class MetricsPage(PrometheusExporter exporter, TimeProvider time) : IDisposable
{
    /// <summary>Shorter than any interval people scrape at, longer than a burst of scrapers.</summary>
    private static readonly TimeSpan _keptFor = TimeSpan.FromSeconds(1);

    /// <summary>Most time for a collection; Prometheus itself gives up after 10 s by default.</summary>
    private static readonly TimeSpan _collectTimeout = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _oneAtATime = new(1, 1);
    private readonly byte[]?[] _pages = new byte[]?[Enum.GetValues<PrometheusFormat>().Length];
    private long? _collectedAt;

    /// <summary>The page as bytes, or null when the metrics could not be collected in time.</summary>
    public async ValueTask<byte[]?> RenderAsync(PrometheusFormat format, CancellationToken cancellation)
    {
        await _oneAtATime.WaitAsync(cancellation);
        try
        {
            if (_collectedAt is not { } at || time.GetElapsedTime(at) >= _keptFor)
            {
                if (exporter.Collect is not { } collect || !collect((int)_collectTimeout.TotalMilliseconds))
                {
                    return null;
                }

                Array.Clear(_pages);
                _collectedAt = time.GetTimestamp();
            }

            return _pages[(int)format] ??= PrometheusText.Write(exporter.Families, format);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    public void Dispose() => _oneAtATime.Dispose();
}
