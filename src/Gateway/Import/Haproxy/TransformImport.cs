using System.Text.RegularExpressions;

namespace Gateway.Import.Haproxy;

/// <summary>Translates what frontend and backend change in requests and responses into the transforms of a route.</summary>
internal sealed partial class TransformImport(Proxy frontend, Proxy backend)
{
    public void Translate(Draft route)
    {
        // haproxy leaves the Host header alone, and adds nothing it is not told to.
        route.Append("Transforms").Set("RequestHeaderOriginalHost", "true");
        foreach (var line in frontend.Own("http-request").Concat(frontend.Own("http-response"))
            .Concat(frontend == backend ? [] : backend.Own("http-request").Concat(backend.Own("http-response"))))
        {
            Line(route, line);
        }

        // Rules come first: what they take away or set is the header that the client's address is added to.
        var forwardFor = frontend.Option("forwardfor") ?? backend.Option("forwardfor");
        var x = route.Append("Transforms");
        if (forwardFor is null)
        {
            x.Set("X-Forwarded", "Off");
        }
        else
        {
            x.Set("X-Forwarded", "Off").Set("For", "Append");
            var others = forwardFor.Rest(2);
            forwardFor.Judge(others.Count > 0 ? Verdict.Approximated : Verdict.Same,
                others.Count > 0 ? $"X-Forwarded-For is added to every request; '{string.Join(' ', others)}' is left out" : "appended to the header that is there");
        }
    }

    private static void Line(Draft route, Statement line)
    {
        var words = line.Words;
        var isRequest = line.Name == "http-request";
        if (line.Value is not ("set-header" or "add-header" or "del-header") || words.Count < 3 || !Token().IsMatch(words[2]))
        {
            return;
        }

        var isDelete = line.Value == "del-header";
        if (words.Skip(isDelete ? 3 : 4).Any() || (!isDelete && (words.Count < 4 || words[3].Contains('%', StringComparison.Ordinal)
            || words[3].Any(char.IsControl))))
        {
            line.Impossible("headers are set to texts that are known beforehand, and always");
            return;
        }

        var transform = route.Append("Transforms");
        if (isDelete)
        {
            transform.Set(isRequest ? "RequestHeaderRemove" : "ResponseHeaderRemove", words[2]);
        }
        else
        {
            transform.Set(isRequest ? "RequestHeader" : "ResponseHeader", words[2]).Set(line.Value == "set-header" ? "Set" : "Append", words[3]);
        }

        if (!isRequest)
        {
            transform.Set("When", "Always");
        }

        line.Rest(1);
        line.Same();
    }

    [GeneratedRegex("^[!#$%&'*+.^_`|~A-Za-z0-9-]+$")]
    private static partial Regex Token();
}
