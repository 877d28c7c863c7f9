using Gateway.Simulation;

namespace Gateway.Tests.Vectors;

/// <summary>Decisions recorded from a Linux kernel's IPVS; every file of this folder is one row. See README.md.</summary>
public class VectorTests
{
    private static readonly string _folder = Path.Combine(AppContext.BaseDirectory, "Vectors");

    // Each with its reason in README.md.
    private static readonly HashSet<string> _notReproducible = [];

    public static TheoryData<string> Files => [.. Directory.GetFiles(_folder, "*.json")
        .Select(file => Path.GetFileNameWithoutExtension(file))
        .Where(name => !_notReproducible.Contains(name))
        .Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Replay_RecordedScenario_DecidesAsTheKernel(string name)
    {
        var replay = Replay.Of(Scenario.Read(Path.Combine(_folder, name + ".json")));

        Assert.NotEmpty(replay.Picks);
        Assert.Empty(replay.Differences);
    }
}
