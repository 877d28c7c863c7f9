namespace Gateway.Tests.Simulation;

/// <summary>Files of the repository that are written by the program: compared, or with <c>UPDATE_GOLDEN=1</c>
/// rewritten.</summary>
internal static class Repository
{
    private static readonly bool _updates = Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1";

    private static readonly string _root = Up(AppContext.BaseDirectory);

    public static void AssertFile(string path, string expected)
    {
        var file = Path.Combine(_root, path);
        if (_updates)
        {
            File.WriteAllText(file, expected);
        }

        Assert.Equal(expected, File.ReadAllText(file));
    }

    /// <summary>The part of a page between two comments of this name.</summary>
    public static void AssertSection(string path, string name, string expected)
    {
        var (begin, end) = ($"<!-- {name} -->\n", $"<!-- /{name} -->");
        var page = File.ReadAllText(Path.Combine(_root, path));
        var from = page.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        var to = page.IndexOf(end, StringComparison.Ordinal);
        AssertFile(path, page[..from] + expected + page[to..]);
    }

    private static string Up(string folder) => File.Exists(Path.Combine(folder, "Gateway.sln"))
        ? folder
        : Up(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside the repository."));
}
