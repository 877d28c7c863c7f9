using Gateway.Clusters;
using Gateway.Http.Overload;
using Gateway.Queueing;
using Gateway.Scheduling;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Gateway.Http;

/// <summary>
/// Leads one request to one destination: pick and reserve, forward, release; and on a failure after which that is safe, the
/// same again with the next destination.
/// </summary>
/// <remarks>A request body is not touched before a connection stands, so any method can be tried elsewhere.</remarks>
internal sealed class RequestBalancer(
    ClusterSchedulers schedulers, ClusterQueues queues, RetryBudgets budgets, LiveRequests live, RequestEvents events,
    BrokenAnswers brokenAnswers, ConnectShortage shortage, TimeProvider time)
{
    /// <summary>How requests are forwarded once it is known where to.</summary>
    internal interface IAttempts
    {
        /// <summary>Forwards a request, and completes when that has come to an end; with an error, of which
        /// <see cref="ForwardingFailure.Of(HttpContext)"/> knows more, or none.</summary>
        /// <param name="request">The request.</param>
        /// <param name="destination">Where to; null is wherever YARP wants.</param>
        ValueTask<ForwarderError> ForwardAsync(ProxiedRequest request, Destination? destination);

        /// <summary>The request has come to its end in order, and its object may serve another one.</summary>
        void Ended(ProxiedRequest request);
    }

    /// <summary>What a client is told when Gateway itself has nothing to connect with.</summary>
    public const int ShortageStatus = StatusCodes.Status503ServiceUnavailable;

    public TimeProvider Time => time;

    public ClusterScheduler? Find(string clusterId) => schedulers.Find(clusterId);

    /// <summary>Serves a request from its beginning to its end, which is told to <see cref="RequestEvents"/>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="scheduler">The scheduler of its cluster; null when that left the configuration after the request was
    /// routed: any destination of it will do.</param>
    /// <param name="attempts">How it is forwarded.</param>
    public async Task RunAsync(ProxiedRequest request, ClusterScheduler? scheduler, IAttempts attempts)
    {
        var context = request.Context;
        live.Enter(request);
        try
        {
            if (BodyLimit.TryRefuse(request))
            {
                // That is the end of it.
            }
            else if (scheduler is null)
            {
                await attempts.ForwardAsync(request, null);
            }
            else
            {
                var options = scheduler.Cluster.Options;
                var flow = RequestFlow.Of(context, scheduler.KeySource, scheduler.PersistenceKeySource);
                var picked = await PickAsync(request, scheduler, flow);
                if (picked is null)
                {
                    await RefuseAsync(context, scheduler);
                }

                while (picked is not null)
                {
                    var tried = picked;
                    StatusRetry.Attempt? attempt;
                    ForwarderError error;
                    try
                    {
                        Begin(request, tried, options);
                        attempt = options.Retry.OnStatus.Count > 0 ? PrepareStatusRetry(request, options, flow) : null;
                        error = await attempts.ForwardAsync(request, tried);
                    }
                    finally
                    {
                        Release(tried);
                    }

                    picked = Next(request, options, flow, attempt, tried, error);
                }
            }
        }
        finally
        {
            request.Place.Leave(request);
            if (request.IsTimedOut && !context.Response.HasStarted)
            {
                // From YARP it is 400, as if the client had been wrong.
                context.Response.StatusCode = StatusCodes.Status504GatewayTimeout;
            }

            if (request.Failure == FailureReason.ClientAborted)
            {
                UnreadRequests.ExpectRest(context);
            }

            events.Ended?.Invoke(new RequestEnd(
                context, context.Request.Method, StatusOf(request), request.RouteId, request.ClusterId, request.Destination,
                request.Attempts, request.Failure, request.Queued, request.Connecting, request.Started)
            {
                Waited = request.Waited,
                IsRejected = request.IsRejected,
                IsFault = request.IsShort,
            });
        }

        attempts.Ended(request);
    }

    /// <summary>Reserves the destination to try next, where the request has not been yet; null when there is none, the request
    /// has had all its tries, or there is no budget for another.</summary>
    /// <param name="request">The request.</param>
    /// <param name="options">Of its cluster.</param>
    /// <param name="flow">What the scheduler may know of it.</param>
    /// <param name="stage">How far the try before had come.</param>
    public Destination? BindNext(ProxiedRequest request, ClusterOptions options, in Flow flow, ForwardingStage stage)
    {
        if (request.Attempts >= options.Retry.Tries)
        {
            return null;
        }

        request.Exclusions.Add(request.Destination!);

        // The budget first: a turn that is taken and not used would send the next request where this one failed.
        var budget = stage == ForwardingStage.NothingSent ? null : budgets.Of(options.Id);
        if (budget?.TrySpend() == false)
        {
            return null;
        }

        // Asked for again: since the first try the destinations may have become others.
        var next = schedulers.Find(options.Id)?.Bind(flow, request.Exclusions);
        if (next is null)
        {
            budget?.GiveBack();
        }

        return next;
    }

    /// <summary>The request goes on to another destination, after the one tried last.</summary>
    public void NoteRetry(ProxiedRequest request)
    {
        request.Destination!.State.CountRetry();
        request.Connecting = time.GetElapsedTime(request.Started) - request.Queued;
    }

    /// <summary>Begins a try; a request earns a part of a second one with its first.</summary>
    public void Begin(ProxiedRequest request, Destination destination, ClusterOptions options)
    {
        request.Begin(destination);
        if (request.Attempts == 1)
        {
            budgets.Of(options.Id).Earn(options.Retry.Budget);
        }
    }

    /// <summary>Gives a reserved place back.</summary>
    public void Release(Destination destination)
    {
        destination.State.Unbind();
        queues.Freed(destination.ClusterId);
    }

    /// <summary>The status the client got; 0 when it had left before.</summary>
    private static int StatusOf(ProxiedRequest request)
    {
        // Asked of those only that got no answer of a destination, since Kestrel makes a token for each request that is asked.
        var isAbandoned = (request.Destination is null || request.Failure is not (null or FailureReason.ResponseTimeout))
            && ClientAbort.IsAbandoned(request.Context);
        return isAbandoned ? 0 : request.Context.Response.StatusCode;
    }

    /// <summary>The first destination, reserved; null when there is none, or none in time.</summary>
    private ValueTask<Destination?> PickAsync(ProxiedRequest request, ClusterScheduler scheduler, in Flow flow)
    {
        var hasQueue = scheduler.Cluster.Options.Queue is not null;

        // Those who wait are not overtaken.
        var picked = hasQueue && queues.AreWaiting(scheduler.Cluster.Id) ? null : BindFirst(scheduler, request.Yarp, flow);
        return picked is null && hasQueue && ClusterQueues.IsWorthWaiting(scheduler) ? WaitAsync(request, scheduler, flow) : new(picked);
    }

    private async ValueTask<Destination?> WaitAsync(ProxiedRequest request, ClusterScheduler scheduler, Flow flow)
    {
        var since = time.GetTimestamp();
        var waited = await queues.WaitAsync(scheduler.Cluster, flow, request.Context.RequestAborted);
        request.Queued = time.GetElapsedTime(since);
        request.Waited = waited.End;
        return waited.Destination;
    }

    private Task RefuseAsync(HttpContext context, ClusterScheduler scheduler)
    {
        var options = scheduler.Cluster.Options;
        int? retryAfter = ClusterQueues.IsWorthWaiting(scheduler) ? queues.Find(options.Id)?.RetryAfter ?? 1 : null;
        return Refusal.WriteAsync(context, options.Sorry, retryAfter);
    }

    /// <summary>Judges a try; the destination to try next, reserved, or null when the request has come to its end.</summary>
    private Destination? Next(
        ProxiedRequest request, ClusterOptions options, in Flow flow, StatusRetry.Attempt? attempt, Destination tried, ForwarderError error)
    {
        var context = request.Context;
        var failure = Judge(context, options, attempt, tried, error);

        // A status that counts against the destination is an answer all the same.
        request.Failure = failure is { Reason: not FailureReason.BadStatus } broken ? broken.Reason : null;
        request.IsShort = failure is { IsShortage: true };
        request.IsRejected = failure is { Reason: null } && !request.IsShort;
        var next = attempt?.Next;
        if (next is null && failure is { } failed && failed.AllowsAnotherTry(context, options.Retry.OnReset) && IsWaiting(context))
        {
            next = BindNext(request, options, flow, failed.Stage);
        }

        if (next is not null)
        {
            NoteRetry(request);
            context.Response.Clear();
            context.Features.Set<IForwarderErrorFeature>(null);
        }
        else if (request.IsShort && !context.Response.HasStarted)
        {
            context.Response.StatusCode = ShortageStatus;
        }

        return next;
    }

    /// <summary>Lets an answer of some statuses be held back, if the request may be repeated.</summary>
    private StatusRetry.Attempt? PrepareStatusRetry(ProxiedRequest request, ClusterOptions options, Flow flow)
    {
        var attempt = request.Attempts < options.Retry.Tries && ForwardingFailure.MayRepeat(request.Context, options.Retry.OnReset)
            ? new StatusRetry.Attempt(options.Retry.OnStatus, () => BindNext(request, options, flow, ForwardingStage.NoAnswer))
            : null;
        request.Context.Features.Set(attempt);
        return attempt;
    }

    /// <summary>What was wrong with a try, which the destination's counters are told.</summary>
    private ForwardingFailure? Judge(
        HttpContext context, ClusterOptions options, StatusRetry.Attempt? attempt, Destination tried, ForwarderError error)
    {
        var failure = error == ForwarderError.None ? null : ForwardingFailure.Of(context);
        if (failure is null
            && (attempt?.Next is not null || options.Passive?.Statuses.Contains(context.Response.StatusCode) == true))
        {
            failure = new ForwardingFailure(FailureReason.BadStatus, ForwardingStage.Answering);
        }

        if (failure is null)
        {
            tried.State.CountSuccess();
        }
        else
        {
            CountFailure(tried, failure.Value, context.Features.Get<IForwarderErrorFeature>()?.Exception);
        }

        return failure;
    }

    /// <summary>Counts what was wrong with a try.</summary>
    public void CountFailure(Destination tried, in ForwardingFailure failure, Exception? exception)
    {
        if (failure.Reason is { } reason)
        {
            tried.State.CountFailure(reason);
        }
        else if (failure.IsShortage)
        {
            shortage.Note(exception);
        }

        brokenAnswers.Note(tried, exception);
    }

    // Where affinity points, if that can serve; elsewhere rather than nowhere.
    private static Destination? BindFirst(ClusterScheduler scheduler, IReverseProxyFeature? feature, in Flow flow)
    {
        var besideAffinity = feature is null ? null : YarpExclusions.BesideAffinity(feature, scheduler.Cluster);
        return (besideAffinity is null ? null : scheduler.Bind(flow, besideAffinity)) ?? scheduler.Bind(flow);
    }

    private static bool IsWaiting(HttpContext context) =>
        !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested;
}
