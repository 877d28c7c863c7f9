namespace Gateway.Configuration;

/// <summary>The keys that are read when the program starts, and never again while it runs.</summary>
internal static class RestartKeys
{
    private static readonly string[] _sections =
    [
        "ShutdownTimeout", "State", "Telemetry", "Relay", "Http", "Kernel",
        "Management:Listen", "Management:Certificate", "Management:SessionTimeout", "Management:Folder",
    ];

    // What Kestrel follows; all else in its section is read once.
    private static readonly string[] _followed = ["Kestrel:Endpoints", "Kestrel:Certificates"];

    /// <summary>The keys whose values differ from those the program started with, in the order of their names; lists as a
    /// whole.</summary>
    public static IReadOnlyList<string> Changed(LoadedConfiguration started, LoadedConfiguration next)
    {
        if (ReferenceEquals(started, next))
        {
            return [];
        }

        var (before, after) = (Values(started), Values(next));
        return
        [
            .. before.Keys.Union(after.Keys, StringComparer.OrdinalIgnoreCase)
                .Where(key => before.GetValueOrDefault(key) != after.GetValueOrDefault(key))
                .Select(WithoutPlaceInList).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.OrdinalIgnoreCase),
        ];
    }

    private static Dictionary<string, string> Values(LoadedConfiguration configuration) => configuration.Root.AsEnumerable()
        .Where(pair => pair.Value is not null && IsReadOnce(pair.Key))
        .ToDictionary(pair => pair.Key, pair => pair.Value!, StringComparer.OrdinalIgnoreCase);

    private static bool IsReadOnce(string key) => _sections.Any(section => IsIn(key, section))
        || (IsIn(key, "Kestrel") && !_followed.Any(section => IsIn(key, section)));

    private static bool IsIn(string key, string section) => key.StartsWith(section, StringComparison.OrdinalIgnoreCase)
        && (key.Length == section.Length || key[section.Length] == ':');

    private static string WithoutPlaceInList(string key)
    {
        var last = key.LastIndexOf(':');
        return last > 0 && key[(last + 1)..].All(char.IsAsciiDigit) ? key[..last] : key;
    }
}
