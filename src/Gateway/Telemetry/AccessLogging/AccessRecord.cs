using System.Diagnostics;
using System.Net;

namespace Gateway.Telemetry.AccessLogging;

/// <summary>What the record is about.</summary>
internal enum AccessKind
{
    Http,
    Tcp,
    Udp,
}

/// <summary>One request or one relayed connection that has ended, as the access log tells it.</summary>
/// <remarks>A plain value with references to strings that exist anyway: making one allocates nothing.</remarks>
internal readonly record struct AccessRecord
{
    /// <summary>When the request or connection began.</summary>
    public required DateTimeOffset Time { get; init; }

    public required AccessKind Kind { get; init; }

    public required IPAddress? Client { get; init; }

    public required int ClientPort { get; init; }

    /// <summary>The virtual server's id; null for HTTP, whose listener is told by <see cref="Local"/>.</summary>
    public string? Listener { get; init; }

    /// <summary>The address at which an HTTP client has reached Gateway.</summary>
    public IPAddress? Local { get; init; }

    public int LocalPort { get; init; }

    /// <summary>The route's id; null for a virtual server, or when none matched.</summary>
    public string? Route { get; init; }

    public string? Cluster { get; init; }

    /// <summary>The id of the destination tried last; null when none was chosen.</summary>
    public string? Destination { get; init; }

    public string? Method { get; init; }

    public string? Host { get; init; }

    /// <summary>The path as received, without the query.</summary>
    public string? Path { get; init; }

    /// <summary>The query with its question mark; written only when the options ask for it.</summary>
    public string? Query { get; init; }

    /// <summary>The status code sent; 0 when there was none.</summary>
    public int Status { get; init; }

    /// <summary>Bytes received from the client.</summary>
    public long BytesIn { get; init; }

    /// <summary>Bytes sent to the client.</summary>
    public long BytesOut { get; init; }

    /// <summary>Time waiting for a destination to be chosen.</summary>
    public TimeSpan Queue { get; init; }

    /// <summary>Time to connect to destinations, failed attempts included; zero for a connection that was open already.
    /// </summary>
    public TimeSpan Connect { get; init; }

    /// <summary>From the beginning to the first byte from the destination, over HTTP of the answer's body; zero when none came.</summary>
    public TimeSpan FirstByte { get; init; }

    public required TimeSpan Total { get; init; }

    /// <summary>Destinations tried.</summary>
    public int Attempts { get; init; }

    public required AccessEnd End { get; init; }

    public ActivityTraceId TraceId { get; init; }
}
