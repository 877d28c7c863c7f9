namespace Gateway.Configuration;

/// <summary><c>gateway check FILE...</c>: says what is wrong with configuration files, without starting
/// anything.</summary>
internal static class CheckCommand
{
    /// <summary>Checks each file and returns the exit code: 0 when all are right, 2 when one is not.</summary>
    /// <param name="files">The files.</param>
    /// <param name="loader">Reads them as they will be read where they run, with what overrides them.</param>
    /// <param name="output">Where right files are told.</param>
    /// <param name="errors">Where errors and warnings are told.</param>
    public static int Run(IReadOnlyList<string> files, ConfigurationLoader loader, TextWriter output, TextWriter errors)
    {
        var wrong = 0;
        foreach (var file in files)
        {
            var result = loader.Load(file);
            if (result.Configuration is { } configuration)
            {
                Print(configuration.Warnings.Concat(configuration.Overlaid.Select(overlaid => overlaid.Warning)), "warning: ", errors);
                output.WriteLine($"{file}: valid, {Summary(configuration)}");
            }
            else
            {
                Print(result.Errors, "", errors);
                errors.WriteLine($"{file}: {Count(result.Errors.Count, "error")}");
                wrong++;
            }
        }

        return wrong == 0 ? 0 : 2;
    }

    private static void Print(IEnumerable<ConfigurationError> messages, string prefix, TextWriter errors)
    {
        foreach (var message in messages)
        {
            errors.WriteLine($"{prefix}{message}");
        }
    }

    private static string Summary(LoadedConfiguration configuration) => string.Join(", ",
        Count(configuration.Section("ReverseProxy:Routes").Children.Count(), "route"),
        Count(configuration.VirtualServers.Count, "virtual server"),
        Count(configuration.Clusters.Count, "cluster"),
        Count(configuration.Clusters.Sum(cluster => cluster.Destinations.Count), "destination"));

    private static string Count(int count, string thing) => count == 1 ? $"1 {thing}" : $"{count} {thing}s";
}
