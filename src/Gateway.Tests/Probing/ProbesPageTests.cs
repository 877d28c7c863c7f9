using Gateway.Clusters;
using Gateway.Probing;

namespace Gateway.Tests.Probing;

/// <summary>docs/probes.md names every key and every outcome, and no others.</summary>
public class ProbesPageTests
{
    [Fact]
    public void Keys_AreThoseOfTheOptions() => Assert.Equal(
        typeof(ProbeOptions).GetProperties().Select(property => property.Name).Order(), Rows("## Keys").Order());

    [Fact]
    public void Outcomes_AreThoseOfTheProbers() => Assert.Equal(Enum.GetNames<ProbeOutcome>(), Rows("## Outcomes"));

    // The first words of the rows of the first table under a heading.
    private static IEnumerable<string> Rows(string heading) => File.ReadLines(Page())
        .SkipWhile(line => line != heading)
        .SkipWhile(line => !line.StartsWith("|---", StringComparison.Ordinal))
        .Skip(1)
        .TakeWhile(line => line.StartsWith('|'))
        .SelectMany(line => line.Split('|')[1].Split(','))
        .Select(word => word.Trim(' ', '`'));

    private static string Page()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Gateway.sln")))
        {
            folder = folder.Parent!;
        }

        return Path.Combine(folder.FullName, "docs", "probes.md");
    }
}
