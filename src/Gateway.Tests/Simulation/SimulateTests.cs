using Gateway.Simulation;

namespace Gateway.Tests.Simulation;

public class SimulateTests
{
    private const string Scenario = """
        {
          // The smallest file: nothing is compared but what is recorded.
          "scheduler": "rr",
          "servers": [ { "name": "a", "address": "192.0.2.1" }, { "name": "b", "address": "192.0.2.2" } ],
          "steps": [
            { "op": "connect", "conn": 0, "src": "10.0.0.1:40001", "dst": "192.0.2.80:80" },
            { "op": "set-weight", "name": "b", "weight": 0 },
            { "op": "connect", "conn": 1, "src": "10.0.0.1:40002", "dst": "192.0.2.80:80", "got": "GOT" },
            { "op": "sysctl", "net.ipv4.vs.expire_quiescent_template": 1 }
          ]
        }
        """;

    [Fact]
    public void Run_AsRecorded_PrintsThePicksAndIsZero()
    {
        var (result, output, error) = Run(Scenario.Replace("GOT", "a", StringComparison.Ordinal));

        Assert.Equal(0, result);
        Assert.Equal(
            ["    0  10.0.0.1:40001 -> 192.0.2.80:80  b", "    1  10.0.0.1:40002 -> 192.0.2.80:80  a"],
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1));
        Assert.Empty(error);
    }

    [Fact]
    public void Run_NotAsRecorded_SaysWhereAndIsOne()
    {
        var (result, _, error) = Run(Scenario.Replace("GOT", "b", StringComparison.Ordinal));

        Assert.Equal(1, result);
        Assert.EndsWith(": step 2: connect: got b, here a", error.Trim());
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{ "scheduler": "rr", "servers": [], "steps": [ { "op": "dance" } ] }""")]
    public void Run_NoScenario_IsTwo(string text)
    {
        var (result, _, error) = Run(text);

        Assert.Equal(2, result);
        Assert.NotEmpty(error);
    }

    private static (int Result, string Output, string Error) Run(string text)
    {
        var file = Path.GetTempFileName();
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        try
        {
            File.WriteAllText(file, text);
            return (Simulate.Run([file], output, error), output.ToString(), error.ToString());
        }
        finally
        {
            File.Delete(file);
        }
    }
}
