namespace Gateway.Hosting;

/// <summary>The host names that requests may have.</summary>
internal static class AllowedHosts
{
    private const string All = "*";

    /// <summary>The names of <c>AllowedHosts</c>, of which there is always one.</summary>
    /// <remarks>A value without a name allows all, as in every program of ASP.NET Core: it is what an environment variable without a
    /// value leaves, and host filtering fails each request when it has no name at all.</remarks>
    public static string[] Read(IConfiguration configuration) =>
        configuration["AllowedHosts"]?.Split(';', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } names ? names : [All];

    /// <summary>Whether every request may pass.</summary>
    public static bool AreAll(IConfiguration configuration) => Read(configuration).Contains(All);
}
