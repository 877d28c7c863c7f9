using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace Gateway.Http.Forwarding;

/// <summary>What of a destination's answer the client is told, apart from the body.</summary>
internal static class ClientAnswer
{
    /// <summary>Writes status and header fields of an answer.</summary>
    public static void WriteHead(HttpContext context, ResponseHead head)
    {
        var response = context.Response;
        response.StatusCode = head.Status;
        if (context.Request.Protocol is ['H', 'T', 'T', 'P', '/', '1', ..]
            && !string.Equals(head.Reason, ReasonPhrases.GetReasonPhrase(head.Status), StringComparison.Ordinal))
        {
            context.Features.Get<IHttpResponseFeature>()!.ReasonPhrase = head.Reason;
        }

        var headers = response.Headers;
        for (var i = 0; i < head.Count; i++)
        {
            var field = head.Field(i);
            if (field.Kind == ResponseFieldKind.Ordinary)
            {
                if (!head.IsNamedInConnection(field.Name))
                {
                    headers[field.Name] = headers.TryGetValue(field.Name, out var earlier)
                        ? StringValues.Concat(earlier, field.Value)
                        : field.Value;
                }
            }
            else if (field.Kind == ResponseFieldKind.ContentLength && MayTellLength(head))
            {
                response.ContentLength = head.ContentLength;
            }
        }
    }

    /// <summary>Writes the trailer fields of an answer, where the client's protocol can carry them.</summary>
    public static void WriteTrailers(HttpContext context, ChunkedBody chunks)
    {
        if (chunks.Trailers.Count == 0
            || context.Features.Get<IHttpResponseTrailersFeature>() is not { Trailers: { IsReadOnly: false } trailers })
        {
            return;
        }

        foreach (var (name, value) in chunks.Trailers)
        {
            if (!HopByHop.IsDropped(name))
            {
                trailers.Append(name, value);
            }
        }
    }

    private static bool MayTellLength(ResponseHead head) => head.Status switch
    {
        StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent => false,
        _ => true,
    };
}
