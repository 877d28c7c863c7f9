using System.Net;
using System.Text.Json;
using Gateway.Http;
using Gateway.Management.Access;
using Gateway.Scheduling;

namespace Gateway.Management.Api;

/// <summary>Why a flow goes where it goes: what would happen now, and what happened.</summary>
internal sealed class ExplainResource(ClusterSchedulers schedulers, Audit audit, TimeProvider time)
{
    private const int Remembered = 100;
    private static readonly TimeSpan _longestRecording = TimeSpan.FromHours(1);

    /// <summary>A destination and why it was chosen or was not.</summary>
    internal sealed record CandidateView(
        string Destination, bool Chosen, string Verdict, double Weight, int Active, int Inactive, double? Compared);

    /// <summary>Why a flow goes where it goes.</summary>
    /// <param name="Chosen">The destination; null when none may take it, or chance decides.</param>
    /// <param name="Rule">What decides, with the numbers in it.</param>
    /// <param name="Candidates">All destinations in the order in which the scheduler walks them.</param>
    internal sealed record ExplanationView(string? Chosen, string Rule, IReadOnlyList<CandidateView> Candidates);

    /// <summary>A decision that was made.</summary>
    internal sealed record DecisionView(DateTimeOffset At, string? Client, string? Chosen, ExplanationView Explanation);

    /// <summary>The decisions since the recording began, the latest first.</summary>
    internal sealed record DecisionsView(bool Recording, IReadOnlyList<DecisionView> Decisions);

    /// <summary>For how long decisions are to be recorded.</summary>
    internal sealed record RecordOrder(TimeSpan? For = null);

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/clusters/{cluster}/explain", (ExplainResource resource, string cluster, string? client, int? port,
                string? host, string? path, string? query, string? header, string? cookie) =>
                resource.Explain(cluster, client, port, host, path, query, header, cookie))
            .Requires(Role.Viewer).WithSummary("Where a flow would go now and why: ?client=10.0.0.1&host=…&path=…&header=Name:value&cookie=name=value.")
            .Produces<ExplanationView>().ProducesProblem(400).ProducesProblem(404);
        api.MapGet("/clusters/{cluster}/decisions", (ExplainResource resource, string cluster) => resource.Decisions(cluster))
            .Requires(Role.Viewer).WithSummary("The latest decisions, while they are recorded.")
            .Produces<DecisionsView>().ProducesProblem(404);
        api.MapPost("/clusters/{cluster}/decisions", (ExplainResource resource, HttpContext context, string cluster,
                JsonBody<RecordOrder> order) => resource.Record(context, cluster, order.Value?.For ?? TimeSpan.FromMinutes(5)))
            .Accepts<RecordOrder>(isOptional: true, "application/json")
            .Requires(Role.Operator).WithSummary("Records decisions for a while, at most an hour.").Produces(204).ProducesProblem(400).ProducesProblem(404);
    }

    private IResult Explain(
        string cluster, string? client, int? port, string? host, string? path, string? query, string? header, string? cookie)
    {
        if (schedulers.Find(cluster) is not { } scheduler)
        {
            return Problems.NoCluster(cluster);
        }

        IPAddress? address = null;
        if (client is not null && !IPAddress.TryParse(client, out address))
        {
            return Problems.Bad("client", client, "is no IP address", "Write one such as 10.0.0.1.");
        }

        if (port is < 1 or > 65535)
        {
            return Problems.Bad("port", port, "is no port", "Write the client's, from 1 to 65535.");
        }

        if (new[] { host, path, query, header, cookie }.Any(part => part?.Any(char.IsControl) == true) || !IsHost(host))
        {
            return Problems.Bad("host, path, query, header or cookie", null, "is not as a request could have it",
                "Write host=www.example.com, and no control characters.");
        }

        // A request with these parts, so that keys are read as for real ones.
        var request = new DefaultHttpContext();
        request.Connection.RemoteIpAddress = address ?? IPAddress.Loopback;
        request.Connection.RemotePort = port ?? 0;
        request.Connection.LocalIpAddress = IPAddress.Loopback;
        request.Request.Scheme = "http";
        request.Request.Host = new HostString(host ?? "");
        request.Request.Path = path is null ? "/" : new PathString(path.StartsWith('/') ? path : "/" + path);
        request.Request.QueryString = string.IsNullOrEmpty(query) ? default : new QueryString("?" + query.TrimStart('?'));
        if (header?.Split(':', 2) is [var name, var value])
        {
            request.Request.Headers[name.Trim()] = value.Trim();
        }

        if (cookie is not null)
        {
            request.Request.Headers.Cookie = cookie;
        }

        return TypedResults.Ok(View(scheduler.Explain(
            RequestFlow.Of(request, scheduler.KeySource, scheduler.PersistenceKeySource))));
    }

    private static bool IsHost(string? host)
    {
        try
        {
            _ = new HostString(host ?? "").ToUriComponent();
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private IResult Decisions(string cluster) => schedulers.Find(cluster) is not { } scheduler
        ? Problems.NoCluster(cluster)
        : TypedResults.Ok(new DecisionsView(scheduler.Decisions is not null, [.. (scheduler.Decisions?.Latest() ?? []).Select(
            decision => new DecisionView(
                decision.At, decision.Flow.Client?.ToString(), decision.Chosen?.Id, View(decision.Explanation)))]));

    private IResult Record(HttpContext context, string cluster, TimeSpan length)
    {
        if (schedulers.Find(cluster) is not { } scheduler)
        {
            return Problems.NoCluster(cluster);
        }

        if (length <= TimeSpan.Zero || length > _longestRecording)
        {
            return Problems.Bad("for", length, "is not a time above 0 and up to 01:00:00", "Write one such as 00:05:00.");
        }

        var ring = new DecisionRing(Remembered);
        scheduler.Decisions = ring;
        ITimer? end = null;
        end = time.CreateTimer(
            _ =>
            {
                // Another recording may have begun since, with an end of its own.
                if (schedulers.Find(cluster) is { } now && ReferenceEquals(now.Decisions, ring))
                {
                    now.Decisions = null;
                }

                end?.Dispose();
            },
            null, length, Timeout.InfiniteTimeSpan);
        audit.Changed(context, $"records decisions for {length}", "", "", cluster);
        return TypedResults.NoContent();
    }

    private static ExplanationView View(Explanation explanation) => new(
        explanation.Chosen?.Id, explanation.Rule, [.. explanation.Candidates.Select(candidate => new CandidateView(
            candidate.Destination.Id, candidate.Verdict == Verdict.Chosen,
            JsonNamingPolicy.SnakeCaseLower.ConvertName($"{candidate.Verdict}"), candidate.Destination.Judgement.Weight,
            candidate.Load.Active, candidate.Load.Inactive, candidate.Compared is { } compared && double.IsFinite(compared) ? compared : null))]);
}
