using System.Diagnostics;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Http;

/// <summary>Learns of requests that Kestrel answers itself, since their head is malformed, too large or too slow: no part of the
/// pipeline sees them.</summary>
/// <remarks>
/// Kestrel asks its source of diagnostics whether somebody wants to know when it refuses one, and at no other time. It is given a source of its
/// own: whoever listens to the one of ASP.NET Core, to this event or another, makes every request of the pipeline dearer.
/// </remarks>
/// <param name="others">The source of ASP.NET Core, which hears of the event as well.</param>
/// <param name="rejected">Where they are counted and told.</param>
internal sealed class UnreadRequests(DiagnosticListener others, RejectedRequests rejected) : DiagnosticSource
{
    private const string BadRequest = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    // Requests are identified by their connection and their number.
    private const string FirstOfItsConnection = ":00000001";

    private static readonly object _rest = new();

    public override bool IsEnabled(string name) => name == BadRequest || others.IsEnabled(name);

    public override void Write(string name, object? value)
    {
        if (others.IsEnabled(name))
        {
            others.Write(name, value);
        }

        // One that has its answer was told as what it is, and what is wrong is the rest of its body.
        if (name == BadRequest
            && value is IFeatureCollection request
            && request.Get<IHttpResponseFeature>() is { HasStarted: false }
            && request.Get<IBadRequestExceptionFeature>()?.Error is BadHttpRequestException refusal
            && !IsRest(request))
        {
            rejected.Add(request, refusal.StatusCode);
        }
    }

    /// <summary>The client has left in the middle of its request, and Kestrel has told so: what is left of the body it reads as if another request
    /// came. So it does where it has not been asked for the body, but then it knows that the client has left.</summary>
    public static void ExpectRest(HttpContext context)
    {
        // Over HTTP/2 the others of the connection are none of its business.
        if (context.Request.Protocol is ['H', 'T', 'T', 'P', '/', '1', ..] && context.Features.Get<IConnectionItemsFeature>() is { } connection)
        {
            connection.Items[_rest] = true;
        }
    }

    private static bool IsRest(IFeatureCollection request) =>
        request.Get<IConnectionItemsFeature>()?.Items.ContainsKey(_rest) == true
        || (request.Get<IConnectionLifetimeFeature>() is { ConnectionClosed.IsCancellationRequested: true }
            && request.Get<IHttpRequestIdentifierFeature>()?.TraceIdentifier.EndsWith(FirstOfItsConnection, StringComparison.Ordinal) != true);
}
