namespace Gateway.Configuration;

/// <summary>A configuration, or everything that is wrong with it.</summary>
/// <param name="Configuration">The configuration; null when there are errors.</param>
/// <param name="Errors">All errors, in the order of the file; empty when there is a configuration.</param>
internal sealed record LoadResult(LoadedConfiguration? Configuration, IReadOnlyList<ConfigurationError> Errors)
{
    public static LoadResult Failed(params IEnumerable<ConfigurationError> errors) => new(null, [.. errors]);
}
