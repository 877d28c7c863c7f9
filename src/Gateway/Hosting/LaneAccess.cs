using System.Diagnostics;
using System.Net;
using System.Text;
using Gateway.Http.Plain;

namespace Gateway.Hosting;

/// <summary>A request of the plain lane at its end, for the access log.</summary>
/// <param name="request">The request.</param>
/// <param name="time">The clock.</param>
internal readonly struct LaneAccess(LaneRequest request, TimeProvider time) : IAccessedRequest
{
    public IPAddress Client => request.Socket.Remote.Address;

    public int ClientPort => request.Socket.Remote.Port;

    public IPAddress Local => request.Socket.Local.Address;

    public int LocalPort => request.Socket.Local.Port;

    public string Method => request.Head.Method;

    public string Host => RecentText.Of(request.Host);

    public string Path
    {
        get
        {
            var query = request.Target.IndexOf((byte)'?');
            return RecentText.Of(query < 0 ? request.Target : request.Target[..query]);
        }
    }

    public string? Query
    {
        get
        {
            var query = request.Target.IndexOf((byte)'?');
            return query < 0 ? null : Encoding.Latin1.GetString(request.Target[query..]);
        }
    }

    public int Status => request.Client.StatusSent;

    public bool IsRejected => false;

    public long BytesIn => request.Client.BytesIn;

    public long BytesOut => request.Client.BytesOut;

    public TimeSpan FirstByte =>
        request.Client.BytesOut == 0 ? default : time.GetElapsedTime(request.Started, request.Client.FirstByte);

    /// <summary>None: traced requests take the pipeline.</summary>
    public ActivityTraceId TraceId => default;
}
