using Gateway.Tests.Simulation;

namespace Gateway.Tests.Kernel;

/// <summary>The rule sets of many situations, word for word.</summary>
public class RulesetTests
{
    private const int SlotsShown = 12;

    public static TheoryData<string> Names => [.. Situations.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Tables_OfSituation_AreAsInTheGoldenFile(string name)
    {
        var text = string.Concat(Situations.All[name]().Tables().Select(table => table.ToText(SlotsShown)));

        Repository.AssertFile($"src/Gateway.Tests/Golden/Kernel/{name}.nft", text);
    }
}
