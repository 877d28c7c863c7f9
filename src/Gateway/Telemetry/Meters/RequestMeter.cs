using System.Diagnostics.Metrics;

namespace Gateway.Telemetry.Meters;

/// <summary>The histogram of request durations, the one instrument that is written to with each request.</summary>
/// <remarks>Series are routes × statuses × methods: the first are configured, the others closed lists.</remarks>
internal sealed class RequestMeter : IDisposable
{
    /// <summary>The SDK folds what is beyond into one series labelled <c>otel_metric_overflow</c>.</summary>
    public const int SeriesLimit = 4000;

    /// <summary>From half a millisecond, an answer from the same rack, to the minute of a long poll.</summary>
    private static readonly double[] _bounds =
        [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private readonly Meter _meter;
    private readonly Histogram<double> _duration;

    public RequestMeter(MeterScope scope)
    {
        _meter = scope.Create(GatewayMeter.Name);
        _duration = _meter.CreateHistogram(
            "gateway.request.duration",
            "s",
            "How long HTTP requests took, from the first line of the request to the last byte of the answer.",
            tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = _bounds });
    }

    /// <summary>Counts one HTTP request that has ended.</summary>
    public void Completed(in RequestRecord request)
    {
        if (!_duration.Enabled)
        {
            return;
        }

        // In the order of the alphabet, which saves the SDK from sorting.
        ReadOnlySpan<KeyValuePair<string, object?>> tags =
        [
            new("cluster", request.Cluster ?? ""),
            new("method", Method(request.Method)),
            new("route", request.Route ?? ""),
            new("status", StatusClass(request.Status)),
        ];
        _duration.Record(request.Duration.TotalSeconds, tags);
    }

    public void Dispose() => _meter.Dispose();

    private static string StatusClass(int status) => (status / 100) switch
    {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "none",
    };

    /// <summary>A client can invent methods; those of RFC 9110 and RFC 5789 are told apart.</summary>
    private static string Method(string method) => method switch
    {
        "GET" => "GET",
        "POST" => "POST",
        "HEAD" => "HEAD",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "PATCH" => "PATCH",
        "CONNECT" => "CONNECT",
        "TRACE" => "TRACE",
        _ => "_OTHER",
    };
}
