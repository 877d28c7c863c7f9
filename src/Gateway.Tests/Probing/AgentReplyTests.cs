using System.Globalization;
using Gateway.Clusters;
using Gateway.Probing;
using Gateway.Probing.Answers;
using Gateway.Tests.Support;

namespace Gateway.Tests.Probing;

public class AgentReplyTests
{
    private static readonly DateTimeOffset _now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("up", "Up - - ''")]
    [InlineData("ready", "Up - - ''")]
    [InlineData("UP 75%", "Up 0.75 - ''")]
    [InlineData("75%", "- 0.75 - ''")]
    [InlineData("0%", "- 0 - ''")]
    [InlineData("drain,50%", "Drain 0.5 - ''")]
    [InlineData("maint", "Maintenance - - ''")]
    [InlineData("down #disk full", "Down - - 'disk full'")]
    [InlineData("failed", "Down - - ''")]
    [InlineData("stopped", "Down - - ''")]
    [InlineData("\tup\tmaxconn:30", "Up - 30 ''")]
    [InlineData("", null)]
    [InlineData("#only a reason", null)]
    [InlineData("perhaps", null)]
    [InlineData("up 75", null)]
    [InlineData("-5%", null)]
    [InlineData("1001%", null)]
    [InlineData("%", null)]
    [InlineData("maxconn:", null)]
    public void Parse_Line_IsWhatItSays(string line, string? expected) => Assert.Equal(expected, Text(AgentReply.Parse(line)));

    [Theory]
    [InlineData("0", "Up 1 - 'load 0'")]
    [InlineData(" 40 ", "Up 0.6 - 'load 40'")]
    [InlineData("99", "Up 0.01 - 'load 99'")]
    [InlineData("100", "Up 0.01 - 'load 100'")]
    [InlineData("101", "Down - - 'load 101'")]
    [InlineData("102", "Maintenance - - 'load 102'")]
    [InlineData("103", null)]
    [InlineData("-1", null)]
    [InlineData("busy", null)]
    public void ParseLoad_Line_IsWhatItSays(string line, string? expected) => Assert.Equal(expected, Text(AgentReply.ParseLoad(line)));

    [Fact]
    public void After_ReplyMentionsLess_TheRestStays()
    {
        var drained = AgentReply.Parse("drain 50% maxconn:7")!.After(null, _now);
        var later = AgentReply.Parse("20%")!.After(drained, _now.AddSeconds(5));
        var up = AgentReply.Parse("up")!.After(later, _now.AddSeconds(9));

        Assert.Equal((AgentOrder.Drain, 0.5, 7, _now), (drained.Order, drained.Share, drained.MaxConnections, drained.Since));
        Assert.Equal((AgentOrder.Drain, 0.2, 7, _now), (later.Order, later.Share, later.MaxConnections, later.Since));
        Assert.Equal((AgentOrder.Up, 0.2, 7, _now.AddSeconds(9)), (up.Order, up.Share, up.MaxConnections, up.Since));
    }

    [Theory]
    [InlineData("", "/", "send up 75%\n|hang", "Passed: Up 0.75 - ''")]
    [InlineData("", "/", "send 50|pause|send %", "Passed: - 0.5 - ''")]
    [InlineData("who\n", "/", "read|send drain #bye\r\nmore|hang", "Passed: Drain - - 'bye'")]
    [InlineData("", "/", "send nonsense\n", "UnexpectedAnswer ('nonsense'): ")]
    [InlineData("", "/", "", "Closed (no answer): ")]
    [InlineData("", "/load", "read|send HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n30\n", "Passed: Up 0.7 - 'load 30'")]
    // Nothing is forwarded to an agent: it need not write HTTP as strictly.
    [InlineData("", "/load", "read|send HTTP/1.1 200 OK\nContent-Length: 3\n\n30\n", "Passed: Up 0.7 - 'load 30'")]
    [InlineData("", "/load", "read|send HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "UnexpectedStatus (404): ")]
    public async Task Probe_Agent_IsHeard(string send, string path, string script, string result)
    {
        await using var server = new ScriptedServer(script.Split('|', StringSplitOptions.RemoveEmptyEntries));

        var found = await Probe.OnceAsync(
            new ProbeOptions { Kind = "agent", Send = send, Path = path, Timeout = Probe.Long }, server.EndPoint);

        Assert.Equal(result, $"{found}: {Text(found.Agent)}");
    }

    [Theory]
    [InlineData("exit 0", "Passed", -1)]
    [InlineData("exit 1", "CommandFailed (exit code 1)", null)]
    [InlineData("exit 2", "Passed", 0)]
    [InlineData("exit 102", "Passed", 100)]
    public async Task Probe_WeightFromExit_IsKeepalivedsMiscDynamic(string script, string result, int? weight)
    {
        var found = await Probe.OnceAsync(
            new ProbeOptions { Kind = "command", Command = ["sh", "-c", script], WeightFromExit = true, Timeout = Probe.Long },
            new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 1));

        Assert.Equal((result, weight), (found.ToString(), found.Weight));
    }

    [Theory]
    [InlineData("404", "Passed", null)]
    [InlineData("404", "Leaving", "Drain")]
    [InlineData("404", "ConnectRefused", null)]
    [InlineData("", "Passed", null)]
    public void Of_DrainStatus_Drains(string status, string outcome, string? order)
    {
        var options = new ProbeOptions { Kind = "http", DrainStatus = status };

        var word = ProbeAdvice.Of(options, new ProbeResult(Enum.Parse<ProbeOutcome>(outcome), "404"), null, _now);

        Assert.Equal(order, word?.Order.ToString());
    }

    // A destination that was leaving and then fails has not changed its mind; one that answers well again has.
    [Theory]
    [InlineData("TimedOut", "Drain")]
    [InlineData("Passed", "Up")]
    [InlineData("Leaving", "Drain")]
    public void Of_AfterLeaving_StaysUntilItPasses(string outcome, string order)
    {
        var options = new ProbeOptions { Kind = "http", DrainStatus = "404" };
        var leaving = ProbeAdvice.Of(options, new ProbeResult(ProbeOutcome.Leaving, "404"), null, _now);

        Assert.Equal(order, ProbeAdvice.Of(options, new ProbeResult(Enum.Parse<ProbeOutcome>(outcome), "404"), leaving, _now)!.Order.ToString());
    }

    private static string? Text(AgentReply? reply) => reply is null ? null : string.Create(
        CultureInfo.InvariantCulture,
        $"{reply.Order?.ToString() ?? "-"} {reply.Share?.ToString(CultureInfo.InvariantCulture) ?? "-"} {reply.MaxConnections?.ToString(CultureInfo.InvariantCulture) ?? "-"} '{reply.Reason}'");
}
