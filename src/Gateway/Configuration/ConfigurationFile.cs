namespace Gateway.Configuration;

/// <summary>Which file holds the configuration.</summary>
internal static class ConfigurationFile
{
    private const string Name = "appsettings.json";

    /// <summary>The file that was named, else the one in the working directory, else the one beside the program.</summary>
    /// <remarks>A file that was named is returned though it does not exist: its absence is an error to report, not a
    /// reason to run with another one.</remarks>
    public static string Find(string? named, string workingDirectory, string programDirectory)
    {
        if (named is not null)
        {
            return Path.GetFullPath(named, workingDirectory);
        }

        var here = Path.Combine(workingDirectory, Name);
        return File.Exists(here) ? here : Path.Combine(programDirectory, Name);
    }
}
