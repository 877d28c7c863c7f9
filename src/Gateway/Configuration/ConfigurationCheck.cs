namespace Gateway.Configuration;

/// <summary>A rule that another feature adds to the check of a configuration, such as YARP's own validation of
/// routes.</summary>
internal delegate IEnumerable<ConfigurationError> ConfigurationCheck(LoadedConfiguration configuration);
