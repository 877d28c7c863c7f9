using Gateway.Clusters;
using Gateway.Http.WebSockets;
using Gateway.Scheduling;

namespace Gateway.Http;

/// <summary>One request that is being proxied: what has been tried for it so far, and where it can be ended from.</summary>
/// <param name="context">The request and its response; belongs to another request once this one has left its list.</param>
/// <param name="started">Timestamp at which Gateway began to work on it.</param>
internal sealed class ProxiedRequest(HttpContext context, long started) : ILiveFlow
{
    private volatile Destination? _destination;
    private volatile ClosableWebSocket? _webSocket;
    private Exclusions? _exclusions;

    public HttpContext Context { get; } = context;

    public long Started { get; } = started;

    /// <summary>The destination tried last; null before the first.</summary>
    public Destination? Destination => _destination;

    /// <summary>How many destinations were tried.</summary>
    public int Attempts { get; private set; }

    /// <summary>What went wrong in the last try; null when nothing did.</summary>
    public FailureReason? Failure { get; set; }

    /// <summary>Time spent waiting for a place at a destination.</summary>
    public TimeSpan Queued { get; set; }

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

    public FlowKind Kind => WebSocket is null ? FlowKind.Request : FlowKind.WebSocket;

    public bool IsAsked => WebSocket?.IsAsked == true;

    /// <summary>Its place in <see cref="LiveRequests"/>, which alone touches it.</summary>
    public LiveRequests.Place Place { get; } = new();

    public void Begin(Destination destination)
    {
        _destination = destination;
        Attempts++;
    }

    public void AskToEnd() => WebSocket?.AskToEnd();

    public void Abort() => Place.Abort(this);
}
