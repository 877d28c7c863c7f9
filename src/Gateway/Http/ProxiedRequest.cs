using Gateway.Clusters;
using Gateway.Http.WebSockets;
using Gateway.Queueing;
using Gateway.Scheduling;
using Yarp.ReverseProxy.Model;

namespace Gateway.Http;

/// <summary>One request that is being proxied: what has been tried for it so far, and where it can be ended from. One object
/// may serve one request after the other.</summary>
internal class ProxiedRequest
{
    private volatile Destination? _destination;
    private volatile ClosableWebSocket? _webSocket;
    private Exclusions? _exclusions;

    /// <summary>The request and its response; belongs to another request once this one has left its list. Null on the plain
    /// lane, where there is none.</summary>
    public HttpContext Context { get; private set; } = null!;

    /// <summary>How YARP sees it; null when it does not pass through YARP.</summary>
    public IReverseProxyFeature? Yarp { get; private set; }

    public string RouteId { get; private set; } = "";

    public string ClusterId { get; private set; } = "";

    /// <summary>Timestamp at which Gateway began to work on it.</summary>
    public long Started { get; private set; }

    /// <summary>The destination tried last; null before the first.</summary>
    public Destination? Destination => _destination;

    /// <summary>How many destinations were tried.</summary>
    public int Attempts { get; private set; }

    /// <summary>What went wrong in the last try; null when nothing did.</summary>
    public FailureReason? Failure { get; set; }

    /// <summary>Whether it reached a limit, so that the client was refused.</summary>
    public bool IsRejected { get; set; }

    /// <summary>Whether Gateway itself had nothing to connect with in the last try.</summary>
    public bool IsShort { get; set; }

    /// <summary>Time spent waiting for a place at a destination.</summary>
    public TimeSpan Queued { get; set; }

    /// <summary>How the waiting for a place ended; null when it had not to wait.</summary>
    public WaitEnd? Waited { get; set; }

    /// <summary>Time spent on destinations that could not be connected to.</summary>
    public TimeSpan Connecting { get; set; }

    /// <summary>Where it is not to be tried again.</summary>
    public Exclusions Exclusions => _exclusions ??= new Exclusions();

    /// <summary>The WebSocket it has become; null while it has not.</summary>
    public ClosableWebSocket? WebSocket
    {
        get => _webSocket;
        set => _webSocket = value;
    }

    /// <summary>Whether the route's timeout has ended it.</summary>
    public virtual bool IsTimedOut => ClientAbort.IsTimeout(Context);

    /// <summary>Its place in <see cref="LiveRequests"/>, which alone touches it.</summary>
    public LiveRequests.Place Place { get; } = new();

    /// <summary>Takes a request on.</summary>
    public void Start(HttpContext? context, IReverseProxyFeature? yarp, string routeId, string clusterId, long started)
    {
        Context = context!;
        Yarp = yarp;
        RouteId = routeId;
        ClusterId = clusterId;
        Started = started;
        Attempts = 0;
        Failure = null;
        IsRejected = false;
        IsShort = false;
        Queued = Connecting = default;
        Waited = null;
        _destination = null;
        _webSocket = null;
        _exclusions = null;
    }

    /// <summary>Lets go of what it has, so that an object that waits for its next request holds nothing alive.</summary>
    public virtual void Release()
    {
        Context = null!;
        Yarp = null;
        _destination = null;
        _webSocket = null;
        _exclusions = null;
    }

    /// <summary>Cuts it off.</summary>
    public virtual void Abort() => Context.Abort();

    public void Begin(Destination destination)
    {
        _destination = destination;
        Attempts++;
    }
}
