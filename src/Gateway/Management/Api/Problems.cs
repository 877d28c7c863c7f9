using Gateway.Configuration;

namespace Gateway.Management.Api;

/// <summary>Errors as problem details (RFC 9457).</summary>
internal static class Problems
{
    /// <summary>A problem whose detail says what to do.</summary>
    public static IResult Of(int status, string title, string detail, IDictionary<string, object?>? more = null) =>
        TypedResults.Problem(detail, statusCode: status, title: title, extensions: more);

    public static IResult NotFound(string title, string detail = "Look at the list it should be in.") =>
        Of(StatusCodes.Status404NotFound, title, detail);

    public static IResult NoCluster(string id) => NotFound($"There is no cluster '{Cut(id)}'.", "GET /api/v1/clusters lists them.");

    public static IResult NoDestination(string cluster, string id) =>
        NotFound($"Cluster '{Cut(cluster)}' has no destination '{Cut(id)}'.", $"GET /api/v1/clusters/{Uri.EscapeDataString(Cut(cluster))} lists them.");

    /// <summary>A value that is not right.</summary>
    public static IResult Bad(string name, string rule, string remedy) =>
        Of(StatusCodes.Status400BadRequest, $"{name} {rule}.", remedy);

    /// <summary>Everything that is wrong with a configuration, each with key, value, rule, remedy and place.</summary>
    public static IResult Configuration(int status, string title, IEnumerable<ConfigurationError> errors) => Of(
        status, title, "Correct what the errors name; nothing has changed.",
        new Dictionary<string, object?> { ["errors"] = errors.Select(ErrorView.Of).ToArray() });

    private static string Cut(string text) => text.Length > 80 ? text[..80] + "…" : text;
}

/// <summary>One error or warning of a configuration.</summary>
internal sealed record ErrorView(string Key, string? Value, string Rule, string Remedy, string? Origin)
{
    public static ErrorView Of(ConfigurationError error) => new(
        error.Key, error.Value is not null && Secrets.IsAt(error.Key, forAdmin: false) ? Secrets.Hidden : error.Value, error.Rule, error.Remedy,
        error.Origin?.ToString());
}
