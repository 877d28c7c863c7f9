using Gateway.Simulation;

namespace Gateway.Tests.Vectors;

/// <summary>Decisions recorded from a Linux kernel's IPVS; every file of this folder is one row. See README.md.</summary>
public class VectorTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Vectors");

    // Each with its reason in README.md.
    private static readonly HashSet<string> NotReproducible = [];

    public static TheoryData<string> Files => [.. Directory.GetFiles(Folder, "*.json")
        .Select(file => Path.GetFileNameWithoutExtension(file))
        .Where(name => !NotReproducible.Contains(name))
        .Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Replay_RecordedScenario_DecidesAsTheKernel(string name)
    {
        var replay = Replay.Of(Scenario.Read(Path.Combine(Folder, name + ".json")));

        Assert.NotEmpty(replay.Picks);
        Assert.Empty(replay.Differences);
    }
}
