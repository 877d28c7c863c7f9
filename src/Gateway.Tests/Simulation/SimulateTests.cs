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

    // A template outlives its timeout while a connection of it lives, and not after.
    [Fact]
    public void Run_TemplateWithALivingConnection_IsHeld()
    {
        var (result, _, error) = Run("""
            {
              "scheduler": "rr", "protocol": "udp", "timeouts": { "udp": 25 }, "persistence": { "timeout": 10 },
              "servers": [ { "name": "a", "address": "192.0.2.1" }, { "name": "b", "address": "192.0.2.2" } ],
              "steps": [
                { "op": "connect", "conn": 0, "src": "10.0.0.1:40001", "dst": "192.0.2.80:80", "got": "b" },
                { "op": "wait", "seconds": 15 },
                { "op": "connect", "conn": 1, "src": "10.0.0.1:40002", "dst": "192.0.2.80:80", "got": "b" },
                { "op": "expire", "conns": [ 0, 1 ] },
                { "op": "wait", "seconds": 15 },
                { "op": "connect", "conn": 2, "src": "10.0.0.1:40003", "dst": "192.0.2.80:80", "got": "a",
                  "counts": { "a": [ 0, 1, 1 ], "b": [ 0, 0, 0 ] } }
              ]
            }
            """);

        Assert.Equal("", error);
        Assert.Equal(0, result);
    }

    [Theory]
    [InlineData("close", """ "conn": 7 """, "step 0: close names connection 7, which no step before it opened")]
    [InlineData("wait", """ "seconds": 1, "expired": [3] """, "names connection 3")]
    [InlineData("connect", """ "conn": 1, "dst": "10.0.0.1:80" """, "step 0: connect needs 'src'.")]
    [InlineData("set-weight", """ "name": "b", "weight": 2 """, "'b' is no server")]
    [InlineData("set-weight", """ "name": "a" """, "needs 'weight'")]
    [InlineData("add", "\"conn\": 1", "needs 'server'")]
    public void Run_StepThatCannotBePlayed_IsTwoAndNamesIt(string op, string rest, string why)
    {
        var (result, _, error) = Run($$"""
            { "scheduler": "rr", "servers": [ { "name": "a", "address": "10.0.0.2", "weight": 1 } ],
              "steps": [ { "op": "{{op}}", {{rest}} } ] }
            """);

        Assert.Contains(why, error, StringComparison.Ordinal);
        Assert.Equal(2, result);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{ "scheduler": "rr", "servers": [], "steps": [ { "op": "dance" } ] }""")]
    [InlineData("""{ "scheduler": "zz", "servers": [], "steps": [] }""")]
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
