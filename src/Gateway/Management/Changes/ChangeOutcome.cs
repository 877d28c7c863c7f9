using Gateway.Configuration;

namespace Gateway.Management.Changes;

/// <summary>How a change ended: done, or why not.</summary>
/// <param name="View">What was done; null when nothing was.</param>
/// <param name="Status">The HTTP status that says why not.</param>
/// <param name="Title">The reason in a sentence.</param>
/// <param name="Errors">All errors of the configuration there would be.</param>
internal sealed record ChangeOutcome(
    ChangeView? View, int Status = StatusCodes.Status200OK, string Title = "", IReadOnlyList<ConfigurationError>? Errors = null);
