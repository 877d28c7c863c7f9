using Gateway.Http.Forwarding;

namespace Gateway.Http.Plain;

/// <summary>A request of a plain route, with all that serving it needs; one object serves one after the other.</summary>
internal sealed class PlainRequest : ProxiedRequest
{
    public PipelineClient Client { get; } = new();

    public Exchange Exchange { get; } = new();

    public ForwardingPlan Plan { get; private set; } = null!;

    /// <summary>Whether it has gone on through the pipeline after all.</summary>
    public bool HasGoneOn { get; set; }

    /// <remarks>No plain route has a timeout, so that nobody needs to be asked.</remarks>
    public override bool IsTimedOut => HasGoneOn && base.IsTimedOut;

    /// <summary>Takes a request on.</summary>
    /// <param name="context">The request.</param>
    /// <param name="plan">What its route asks for.</param>
    /// <param name="target">From <see cref="RequestHead.TargetOf"/>.</param>
    /// <param name="started">Timestamp at which Gateway began to work on it.</param>
    public void Start(HttpContext context, ForwardingPlan plan, string target, long started)
    {
        Start(context, null, plan.RouteId, plan.ClusterId, started);
        Plan = plan;
        HasGoneOn = false;
        Client.Begin(context, target, plan.KeepsHost, hasTimeout: false);
    }

    public override void Release()
    {
        base.Release();
        Plan = null!;
        Client.Release();
        Exchange.Release();
    }
}
