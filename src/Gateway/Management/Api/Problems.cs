using System.Globalization;
using Gateway.Configuration;

namespace Gateway.Management.Api;

/// <summary>Errors as problem details (RFC 9457).</summary>
internal static class Problems
{
    /// <summary>A problem whose detail says what to do.</summary>
    public static IResult Of(int status, string title, string detail, IDictionary<string, object?>? more = null) =>
        TypedResults.Problem(detail, statusCode: status, title: title, type: TypeOf(status), extensions: more);

    public static IResult NotFound(string title, string detail = "Look at the list it should be in.") =>
        Of(StatusCodes.Status404NotFound, title, detail);

    public static IResult NoCluster(string id) => NotFound($"There is no cluster '{Cut(id)}'.", "GET /api/v1/clusters lists them.");

    public static IResult NoDestination(string cluster, string id) =>
        NotFound($"Cluster '{Cut(cluster)}' has no destination '{Cut(id)}'.", $"GET /api/v1/clusters/{Uri.EscapeDataString(Cut(cluster))} lists them.");

    /// <summary>A parameter or a key that is not right.</summary>
    /// <param name="name">What it is called in the API.</param>
    /// <param name="value">What was given; null when that says nothing.</param>
    /// <param name="rule">What is wrong, as the end of a sentence that begins with the value.</param>
    /// <param name="remedy">What to write instead.</param>
    public static IResult Bad(string name, object? value, string rule, string remedy)
    {
        var text = Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } given ? Cut(given) : null;
        return Of(
            StatusCodes.Status400BadRequest, text is null ? $"{name} {rule}." : $"{name} '{text}' {rule}.", remedy,
            new Dictionary<string, object?> { ["errors"] = new[] { new ErrorView(name, text, rule, remedy, null) } });
    }

    /// <summary>What is wrong with the number of things that were asked for; null when nothing is.</summary>
    public static IResult? WrongLimit(int? limit, int most) => limit is < 1 || limit > most
        ? Bad("limit", limit, $"is not a whole number from 1 to {most}", "Leave it out, or write how many are wanted.") : null;

    /// <summary>Everything that is wrong with a configuration, each with key, value, rule, remedy and place.</summary>
    public static IResult Configuration(int status, string title, IEnumerable<ConfigurationError> errors) => Of(
        status, title, "Correct what the errors name; nothing has changed.",
        new Dictionary<string, object?> { ["errors"] = errors.Select(ErrorView.Of).ToArray() });

    /// <summary>What the framework has no type for.</summary>
    private static string? TypeOf(int status) => status switch
    {
        StatusCodes.Status413PayloadTooLarge => "https://tools.ietf.org/html/rfc9110#section-15.5.14",
        StatusCodes.Status421MisdirectedRequest => "https://tools.ietf.org/html/rfc9110#section-15.5.20",
        StatusCodes.Status429TooManyRequests => "https://tools.ietf.org/html/rfc6585#section-4",
        _ => null,
    };

    private static string Cut(string text) => text.Length > 80 ? text[..80] + "…" : text;
}

/// <summary>One error or warning of a configuration.</summary>
internal sealed record ErrorView(string Key, string? Value, string Rule, string Remedy, string? Origin)
{
    public static ErrorView Of(ConfigurationError error) => new(
        error.Key, error.Value is not null && Secrets.IsAt(error.Key, forAdmin: false) ? Secrets.Hidden : error.Value, error.Rule, error.Remedy,
        error.Origin?.ToString());
}
