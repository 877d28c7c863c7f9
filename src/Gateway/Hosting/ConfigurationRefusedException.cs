using Gateway.Configuration;

namespace Gateway.Hosting;

/// <summary>A configuration is valid, but cannot be put in force on this machine now, for example because a port is taken.
/// </summary>
internal sealed class ConfigurationRefusedException(IReadOnlyList<ConfigurationError> errors)
    : Exception(string.Join(Environment.NewLine, errors))
{
    public IReadOnlyList<ConfigurationError> Errors { get; } = errors;
}
