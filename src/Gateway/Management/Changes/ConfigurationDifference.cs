using Gateway.Configuration;

namespace Gateway.Management.Changes;

/// <summary>What differs between two configurations, value by value, without what not every role may read: it becomes part of
/// events and versions.</summary>
internal static class ConfigurationDifference
{
    public static IReadOnlyList<DifferenceView> Between(ConfigurationNode before, ConfigurationNode after)
    {
        var differences = new List<DifferenceView>();
        Compare(before, after, "", differences);
        return differences;
    }

    /// <summary>A difference that was kept, perhaps before its key was one that not every role may read.</summary>
    public static DifferenceView Shown(DifferenceView kept) => !Secrets.IsAt(kept.Key, forAdmin: false) ? kept : kept with
    {
        Before = kept.Before is null ? null : Secrets.Hidden,
        After = kept.After is null ? null : Secrets.Hidden,
    };

    private static void Compare(ConfigurationNode? before, ConfigurationNode? after, string path, List<DifferenceView> differences)
    {
        if (before is not { Children.Count: > 0 } && after is not { Children.Count: > 0 })
        {
            var (old, now) = (Text(before, path), Text(after, path));
            if (old != now || before?.Text != after?.Text)
            {
                differences.Add(new DifferenceView(path, old, now));
            }

            return;
        }

        var keys = (after?.Children ?? []).Select(child => child.Key)
            .Concat((before?.Children ?? []).Select(child => child.Key)).Distinct(StringComparer.OrdinalIgnoreCase);
        foreach (var key in keys)
        {
            Compare(before?.Find(key), after?.Find(key), path.Length == 0 ? key : $"{path}:{key}", differences);
        }
    }

    private static string? Text(ConfigurationNode? node, string path) => node switch
    {
        null => null,
        { IsSection: true } => node.Kind == NodeKind.Array ? "[]" : "{}",
        { Text: not null } when Secrets.IsAt(path, forAdmin: false) => Secrets.Hidden,
        _ => node.Text ?? "null",
    };
}
