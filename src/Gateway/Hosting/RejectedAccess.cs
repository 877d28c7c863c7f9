using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Hosting;

/// <summary>A request that was refused while its head was read, for the access log: whatever is known of it.</summary>
/// <param name="request">The request.</param>
/// <param name="status">The answer.</param>
internal readonly struct RejectedAccess(IFeatureCollection request, int status) : IAccessedRequest
{
    private readonly IHttpConnectionFeature? _connection = request.Get<IHttpConnectionFeature>();
    private readonly IHttpRequestFeature? _request = request.Get<IHttpRequestFeature>();

    public IPAddress? Client => _connection?.RemoteIpAddress;

    public int ClientPort => _connection?.RemotePort ?? 0;

    public IPAddress? Local => _connection?.LocalIpAddress;

    public int LocalPort => _connection?.LocalPort ?? 0;

    public string? Method => Known(_request?.Method);

    /// <summary>As far as the fields were read.</summary>
    public string? Host => Known(_request?.Headers.Host.ToString());

    public string? Path => Known(_request?.Path);

    public string? Query => Known(_request?.QueryString);

    public int Status => status;

    public bool IsRejected => true;

    public long BytesIn => 0;

    public long BytesOut => 0;

    public TimeSpan FirstByte => default;

    /// <summary>None: it was never begun.</summary>
    public ActivityTraceId TraceId => default;

    private static string? Known(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
