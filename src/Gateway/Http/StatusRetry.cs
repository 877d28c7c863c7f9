using Gateway.Clusters;
using Yarp.ReverseProxy.Transforms;

namespace Gateway.Http;

/// <summary>Holds an answer back whose status the cluster wants to have tried elsewhere, when another destination can take
/// the request. It runs before anything of the answer is sent.</summary>
internal sealed class StatusRetry : ResponseTransform
{
    public override ValueTask ApplyAsync(ResponseTransformContext context)
    {
        if (context.ProxyResponse is { } answer
            && context.HttpContext.Features.Get<Attempt>() is { } attempt
            && attempt.OnStatus.Contains((int)answer.StatusCode)
            && attempt.TakeNext())
        {
            context.SuppressResponseBody = true;
        }

        return default;
    }

    /// <summary>One try of a request that may be repeated after some statuses.</summary>
    /// <param name="OnStatus">Those statuses.</param>
    /// <param name="Reserve">Reserves another destination; null when there is none.</param>
    public sealed record Attempt(ValueList<int> OnStatus, Func<Destination?> Reserve)
    {
        /// <summary>The destination to try next, reserved; null when the answer is good enough.</summary>
        public Destination? Next { get; private set; }

        public bool TakeNext() => (Next = Reserve()) is not null;
    }
}
