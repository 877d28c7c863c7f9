namespace Gateway.Configuration;

/// <summary>Puts a checked configuration to work in all parts of the program, or in none.</summary>
/// <returns>Why it could not be done; empty when it was.</returns>
internal delegate Task<IReadOnlyList<ConfigurationError>> ConfigurationApply(
    LoadedConfiguration configuration, CancellationToken stopping);
