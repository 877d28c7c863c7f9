using System.Collections;

namespace Gateway.Configuration;

/// <summary>One value that takes the place of the file's.</summary>
/// <param name="Key">Path of the key, such as <c>ReverseProxy:Clusters:web:LoadBalancingPolicy</c>.</param>
/// <param name="Value">The text to put there.</param>
/// <param name="Source">Where it was given, as an error shows it.</param>
/// <param name="IsEnvironment">Whether it is an environment variable, which may be meant for another program.</param>
internal sealed record Override(string Key, string Value, string Source, bool IsEnvironment);

/// <summary>Values from environment variables and the command line, weakest first.</summary>
internal static class Overrides
{
    /// <summary>Reads <c>Section__Key=value</c> variables, as .NET names them; later ones in name order.</summary>
    public static IEnumerable<Override> FromEnvironment(IDictionary variables)
    {
        var overrides = new List<Override>();
        foreach (DictionaryEntry variable in variables)
        {
            var name = (string)variable.Key;
            overrides.Add(new Override(
                name.Replace("__", ":", StringComparison.Ordinal), (string?)variable.Value ?? "",
                $"environment variable {name}", IsEnvironment: true));
        }

        return overrides.OrderBy(given => given.Key, Comparer<string>.Create(ConfigurationKeyComparer.Instance.Compare));
    }

    /// <summary>Reads <c>--Section:Key=value</c> arguments; what has another form is an error.</summary>
    public static IReadOnlyList<Override> FromArguments(IEnumerable<string> arguments, List<ConfigurationError> errors)
    {
        var overrides = new List<Override>();
        foreach (var argument in arguments)
        {
            var equals = argument.IndexOf('=', StringComparison.Ordinal);
            if (equals > 2 && argument.StartsWith("--", StringComparison.Ordinal))
            {
                var key = argument[2..equals].Replace("__", ":", StringComparison.Ordinal);
                overrides.Add(new Override(key, argument[(equals + 1)..], "command line", IsEnvironment: false));
            }
            else
            {
                errors.Add(new("", argument, "is not an option",
                    "Write --Section:Key=value to override a key of the file.", new Origin("command line")));
            }
        }

        return overrides;
    }

    /// <summary>Puts one value into the tree; sections that are missing on the way are made.</summary>
    public static void Apply(this Override given, ConfigurationNode root)
    {
        var origin = new Origin(given.Source);
        var path = given.Key.Split(':');
        var node = root;
        foreach (var key in path[..^1])
        {
            var next = node.Find(key);
            if (next is not { IsSection: true })
            {
                next = new ConfigurationNode(NodeKind.Object, null, origin);
                node.Set(key, next);
            }

            node = next;
        }

        node.Set(path[^1], new ConfigurationNode(NodeKind.String, given.Value, origin));
    }
}
