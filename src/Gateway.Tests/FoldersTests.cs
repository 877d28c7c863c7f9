using Gateway.Tests.Support;

namespace Gateway.Tests;

/// <summary>Holds the arrows between folders against the <c>using</c> lines.</summary>
public class FoldersTests
{
    [Theory]
    [InlineData("Clusters", "")]
    [InlineData("Scheduling", "Clusters")]
    [InlineData("Queueing", "Clusters Scheduling")]
    [InlineData("Passive", "Clusters")]
    [InlineData("Draining", "Clusters")]
    [InlineData("State", "Clusters Draining")]
    [InlineData("Simulation", "Clusters Scheduling")]
    [InlineData("Probing", "Clusters Names Processes")]
    [InlineData("Names", "Clusters")]
    [InlineData("Hooks", "Clusters Processes")]
    [InlineData("Processes", "")]
    [InlineData("EventLoop", "")]
    [InlineData("Kernel", "Clusters Scheduling")]
    [InlineData("ProxyProtocol", "")]
    [InlineData("Relay", "Clusters Scheduling Queueing EventLoop ProxyProtocol")]
    [InlineData("Http", "Clusters Scheduling Queueing Configuration Names EventLoop ProxyProtocol")]
    [InlineData("Configuration", "Clusters Scheduling Probing Relay Names Hooks")]
    [InlineData("Telemetry", "Clusters EventLoop")]
    [InlineData("Demo", "")]
    [InlineData("Management", "Clusters Scheduling Queueing Configuration Probing Relay Kernel Draining Http EventLoop")]
    [InlineData("Import", "Scheduling Probing")]
    public void Folder_Usings_PointOnlyWhereTheyMay(string folder, string allowed)
    {
        string[] mayKnow = [folder, .. allowed.Split(' ', StringSplitOptions.RemoveEmptyEntries)];

        var forbidden = UsingsOf(folder)
            .Where(line => line.Using.StartsWith("Gateway.", StringComparison.Ordinal))
            .Where(line => !mayKnow.Contains(line.Using.Split('.')[1]));

        Assert.Empty(forbidden);
    }

    [Fact]
    public void Yarp_IsKnownToHttpOnly()
    {
        var outside = Directory.GetDirectories(Source).Select(folder => Path.GetFileName(folder)!)
            .Where(folder => folder != "Http")
            .SelectMany(UsingsOf)
            .Where(line => line.Using.StartsWith("Yarp.", StringComparison.Ordinal));

        Assert.Empty(outside);
    }

    private static string Source => Path.Combine(SourceTree.Root, "src", "Gateway");

    private static IEnumerable<(string File, string Using)> UsingsOf(string folder) =>
        from file in Directory.GetFiles(Path.Combine(Source, folder), "*.cs", SearchOption.AllDirectories)
        from line in File.ReadLines(file)
        where line.StartsWith("using ", StringComparison.Ordinal) && line.EndsWith(';')
        select (Path.GetFileName(file), line["using ".Length..^1].Split('=')[^1].Trim());
}
