using System.Globalization;
using Gateway.Clusters;
using Gateway.Probing;
using Gateway.Probing.Answers;

namespace Gateway.Tests.Probing;

/// <summary>An agent, or a command that gives weights, beside a probe that knows <c>DrainStatus</c>.</summary>
public class AgentWordsTests
{
    private static readonly DateTimeOffset _start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly ProbeOptions _http = new() { Kind = "http", DrainStatus = "404" };
    private static readonly ProbeOptions _agent = new() { Kind = "agent" };
    private static readonly ProbeOptions _command = new() { Kind = "command", WeightFromExit = true };

    // What they find, a second apart: http's outcome, the agent's line, the command's weight. Then the word: whose order, part of
    // the weight, weight and limit, its reason, and seconds since it holds.
    [Theory]
    [InlineData("http Passed", null)]
    [InlineData("agent maint #disk|http Passed", "agent Maintenance 1 - - disk @0")]
    [InlineData("agent drain|http Passed", "agent Drain 1 - -  @0")]
    [InlineData("agent 50% maxconn:30|http Passed", "agent Up 0.5 - 30  @0")]
    [InlineData("http Leaving|agent up 50% maxconn:30", "http Drain 0.5 - 30 status 404 @0")]
    [InlineData("http Leaving|agent up 50% maxconn:30|http Passed", "agent Up 0.5 - 30  @1")]
    [InlineData("http Leaving|agent maint #disk|http Passed|agent up", "agent Up 1 - -  @2")]
    [InlineData("http Leaving|agent maint #disk|agent up", "http Drain 1 - - status 404 @0")]
    [InlineData("http Leaving|agent drain #disk|agent drain #full", "agent Drain 1 - - full @0")]
    [InlineData("http Leaving|agent drain #disk|http Passed", "agent Drain 1 - - disk @1")]
    [InlineData("http Leaving|agent up|http TimedOut", "http Drain 1 - - status 404 @0")]
    [InlineData("agent up #load 40|http Leaving|http Passed", "agent Up 1 - - load 40 @0")]
    [InlineData("http Leaving|command 7|http Passed", "command Up 1 7 -  @1")]
    [InlineData("command 7|http Leaving|command 8", "http Drain 1 8 - status 404 @1")]
    [InlineData("tcp Passed", null)]
    public void Hear_Several_TheSeverestOrderCountsAndWeightsStay(string findings, string? word) =>
        Assert.Equal(word, Text(Hear(new AgentWords([_http, findings.Contains("command", StringComparison.Ordinal) ? _command : _agent], null), findings)));

    // After a restart: what was in force, by whom, and what is found then.
    [Theory]
    [InlineData("agent Maintenance", "http Passed", "agent Maintenance 0.5 - 30 why @0")]
    [InlineData("agent Maintenance", "agent up", "agent Drain 0.5 - 30 why @0")]
    [InlineData("agent Maintenance", "agent up|http Passed", "agent Up 0.5 - 30  @0")]
    [InlineData("http Drain", "http TimedOut", "http Drain 0.5 - 30 why @0")]
    [InlineData("http Drain", "http Passed", "http Up 0.5 - 30  @0")]
    [InlineData("http Drain", "agent drain", "agent Drain 0.5 - 30  @0")]
    // Saved before there was a source: it may be the agent's.
    [InlineData(" Drain", "http Passed", " Drain 0.5 - 30 why @0")]
    [InlineData("agent Up", "http Passed", "agent Up 0.5 - 30 why @0")]
    public void Hear_WordFromBefore_HoldsUntilItsSourceSpeaks(string before, string findings, string word)
    {
        var (source, order) = before.Split(' ') is var parts ? (parts[0], parts[1]) : default;
        var inForce = new AgentWord(Enum.Parse<AgentOrder>(order), "why", _start, 0.5)
        {
            MaxConnections = 30,
            Source = source.Length == 0 ? null : source,
        };

        Assert.Equal(word, Text(Hear(new AgentWords([_http, _agent], inForce), findings)));
    }

    [Fact]
    public void Hear_AgentIsGone_ItsPartOfTheWeightGoesToo()
    {
        var inForce = new AgentWord(AgentOrder.Down, "disk", _start, 0.5) { MaxConnections = 30, Source = "agent" };

        Assert.Equal("http Up 1 - -  @0", Text(Hear(new AgentWords([_http], inForce), "http Passed")));
    }

    [Fact]
    public void Hear_SameProbeTwice_IsOneSource()
    {
        var words = new AgentWords([_http, _http with { }], null);

        Assert.Equal("http Up 1 - -  @1", Text(Hear(words, "http Leaving|http Passed")));
    }

    private static AgentWord? Hear(AgentWords words, string findings)
    {
        AgentWord? last = null;
        foreach (var (second, finding) in findings.Split('|').Index())
        {
            var (kind, what) = finding.IndexOf(' ', StringComparison.Ordinal) is var blank ? (finding[..blank], finding[(blank + 1)..]) : default;
            var (probe, result) = kind switch
            {
                "agent" => (_agent, new ProbeResult(ProbeOutcome.Passed) { Agent = AgentReply.Parse(what) }),
                "command" => (_command, new ProbeResult(ProbeOutcome.Passed) { Weight = int.Parse(what, CultureInfo.InvariantCulture) }),
                "http" => (_http, new ProbeResult(Enum.Parse<ProbeOutcome>(what), "404")),
                _ => (new ProbeOptions(), new ProbeResult(ProbeOutcome.Passed)),
            };
            last = words.Hear(probe, result, _start.AddSeconds(second));
        }

        return last;
    }

    private static string? Text(AgentWord? word) => word is null ? null : string.Create(
        CultureInfo.InvariantCulture,
        $"{word.Source} {word.Order} {word.Share} {word.Weight?.ToString(CultureInfo.InvariantCulture) ?? "-"} {word.MaxConnections?.ToString(CultureInfo.InvariantCulture) ?? "-"} {word.Reason} @{(word.Since - _start).TotalSeconds}");
}
