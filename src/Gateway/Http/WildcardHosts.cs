using System.Globalization;
using Microsoft.AspNetCore.Routing.Matching;

namespace Gateway.Http;

/// <summary>Keeps requests from routes with <c>*.</c> hosts that are not theirs, and gives those that several fit to the one with
/// the longest host.</summary>
/// <remarks>ASP.NET Core's own policy puts the routes of <c>*.b.example.com</c> among those of <c>*.example.com</c>, and looks at
/// the host no further: a request for <c>a.example.com</c> would go to either, or be answered with an error. Its tables are
/// left as they are; this looks at what they found.</remarks>
internal sealed class WildcardHosts : MatcherPolicy, IEndpointSelectorPolicy
{
    private const string Wildcard = "*.";

    /// <summary>Right after the policy of ASP.NET Core.</summary>
    public override int Order => -99;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => endpoints.Any(endpoint =>
        endpoint.Metadata.GetMetadata<IHostMetadata>()?.Hosts.Any(host => host.StartsWith(Wildcard, StringComparison.Ordinal)) == true);

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        var host = httpContext.Request.Host;
        var port = host.Port ?? (httpContext.Request.IsHttps ? 443 : 80);
        for (var i = 0; i < candidates.Count; i++)
        {
            if (candidates.IsValidCandidate(i) && LongestMatch(candidates[i].Endpoint, host.Host, port) < 0)
            {
                candidates.SetValidity(i, false);
            }
        }

        for (var i = 0; i < candidates.Count; i++)
        {
            if (candidates.IsValidCandidate(i) && HasLongerOfSameRank(candidates, i, host.Host, port))
            {
                candidates.SetValidity(i, false);
            }
        }

        return Task.CompletedTask;
    }

    private static bool HasLongerOfSameRank(CandidateSet candidates, int place, string host, int port)
    {
        var own = LongestMatch(candidates[place].Endpoint, host, port);
        for (var i = 0; i < candidates.Count; i++)
        {
            if (i != place && candidates.IsValidCandidate(i) && candidates[i].Score == candidates[place].Score
                && LongestMatch(candidates[i].Endpoint, host, port) > own)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The length of the longest of a route's hosts that a request fits; 0 where it names none, -1 where none
    /// fits.</summary>
    private static int LongestMatch(Endpoint endpoint, string host, int port)
    {
        if (endpoint.Metadata.GetMetadata<IHostMetadata>()?.Hosts is not { Count: > 0 } hosts)
        {
            return 0;
        }

        var longest = -1;
        for (var i = 0; i < hosts.Count; i++)
        {
            var colon = hosts[i].IndexOf(':', StringComparison.Ordinal);
            var name = colon < 0 ? hosts[i] : hosts[i].AsSpan(0, colon);
            if (FitsPort(colon < 0 ? "*" : hosts[i].AsSpan(colon + 1), port) && FitsName(name, host))
            {
                longest = Math.Max(longest, name.Length);
            }
        }

        return longest;
    }

    private static bool FitsPort(ReadOnlySpan<char> wanted, int port) =>
        wanted is "*" || (int.TryParse(wanted, CultureInfo.InvariantCulture, out var one) && one == port);

    // As ASP.NET Core has it: a wildcard stands for labels, none of them empty.
    private static bool FitsName(ReadOnlySpan<char> wanted, string host) => wanted is "*"
        || (wanted.StartsWith(Wildcard)
            ? host.AsSpan().EndsWith(wanted[1..], StringComparison.OrdinalIgnoreCase)
                && host[0] != '.' && !host.Contains("..", StringComparison.Ordinal)
            : wanted.Equals(host, StringComparison.OrdinalIgnoreCase));
}
