using System.Runtime.CompilerServices;

namespace Gateway.Tests.Support;

/// <summary>Where the sources of this build are, for tests that hold documents against code.</summary>
internal static class SourceTree
{
    /// <summary>The folder with Gateway.sln.</summary>
    public static string Root { get; } = Find();

    private static string Find([CallerFilePath] string file = "")
    {
        var folder = Path.GetDirectoryName(file);
        while (folder is not null && !File.Exists(Path.Combine(folder, "Gateway.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new DirectoryNotFoundException($"No Gateway.sln above {file}.");
    }
}
