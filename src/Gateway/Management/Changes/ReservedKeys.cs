using Gateway.Configuration;

namespace Gateway.Management.Changes;

/// <summary>The keys that only somebody who has logged in may set through the API: commands, the file of the access log, and
/// the logins themselves. The schema marks them with <c>x-login</c>.</summary>
/// <remarks>While there are no logins every user of the machine reaches the listener on loopback; these keys would make any of
/// them Gateway's user.</remarks>
internal static class ReservedKeys
{
    private const string Remedy =
        "Write it into the configuration file, or make a login with 'gateway passwd NAME --role admin' and change it with that.";

    /// <summary>The keys that a change introduces or alters; what it takes away as a whole is none of them.</summary>
    public static IReadOnlyList<ConfigurationError> Changed(IEnumerable<DifferenceView> differences, ConfigurationNode after) =>
        [.. differences.Select(difference => KeyOf(difference, after)).OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase)
            .Select(key => new ConfigurationError(key, null, "is changed for somebody who has logged in only", Remedy))];

    private static string? KeyOf(DifferenceView difference, ConfigurationNode after)
    {
        if (difference.Key.EndsWith(":Kind", StringComparison.OrdinalIgnoreCase)
            && string.Equals(difference.After, "command", StringComparison.OrdinalIgnoreCase))
        {
            return difference.Key;
        }

        // A word less makes another command, so what counts is whether the whole key is still there.
        return RootOf(difference.Key) is { } root && after.At(root) is { } node && (node.Children.Count > 0 || !string.IsNullOrEmpty(node.Text))
            ? root : null;
    }

    private static string? RootOf(string path)
    {
        for (var end = path.IndexOf(':'); end >= 0; end = path.IndexOf(':', end + 1))
        {
            if (Schema.Gateway.Nearest(path[..end]).NeedsLogin)
            {
                return path[..end];
            }
        }

        return Schema.Gateway.Nearest(path).NeedsLogin ? path : null;
    }
}
