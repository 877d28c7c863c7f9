namespace Gateway.Configuration;

/// <summary>How an attempt to load the configuration ended.</summary>
internal enum ReloadResult
{
    /// <summary>It was read, found right and applied.</summary>
    Applied,

    /// <summary>It is wrong; nothing changed.</summary>
    Invalid,

    /// <summary>It is right, and could not be put to work, for example because a port is taken.</summary>
    Refused,
}

/// <summary>What is known of the configuration in use and of the last attempt to read the file with its overlay, at one
/// moment.</summary>
/// <param name="Revision">Revision of the configuration in use.</param>
/// <param name="LastResult">How the last attempt ended.</param>
/// <param name="LastErrors">What was wrong at the last attempt; empty when nothing was. A change of the API takes none away.</param>
/// <param name="LastAttempt">When the last attempt was made; the start of the program is the first.</param>
/// <param name="LastSuccess">When the configuration in use was applied, whoever did.</param>
/// <param name="Successes">Configurations that were applied, that of the start and those of the API included.</param>
/// <param name="Failures">Attempts that were not.</param>
internal sealed record ReloadStatus(
    string Revision,
    ReloadResult LastResult,
    IReadOnlyList<ConfigurationError> LastErrors,
    DateTimeOffset LastAttempt,
    DateTimeOffset LastSuccess,
    long Successes,
    long Failures);
