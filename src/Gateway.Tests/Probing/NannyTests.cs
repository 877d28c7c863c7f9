using Gateway.Clusters;
using Gateway.Tests.Support;

namespace Gateway.Tests.Probing;

/// <summary>The table of send and expect of piranha's nanny, as <c>Strict</c> judges it, beside what Gateway does without.
/// </summary>
public class NannyTests
{
    // Send, expect, whether that is a regular expression, what the server does; strict, then friendly.
    [Theory]
    // Connect only: no byte is read.
    [InlineData("", "", false, "send anything", "Passed", "Passed")]
    // Send only: a write that worked.
    [InlineData("PING", "", false, "read|hang", "Passed", "Passed")]
    // A banner.
    [InlineData("", "220", false, "send 220 mail|hang", "Passed", "Passed")]
    [InlineData("", "220", false, "send 554 no|hang", "UnexpectedAnswer ('554')", "UnexpectedAnswer ('554 no')")]
    // Prefix, with case; only as many bytes as expected are read.
    [InlineData("PING", "PONG", false, "read|send PONGPONG|hang", "Passed", "Passed")]
    [InlineData("PING", "PONG", false, "read|send pong|hang", "UnexpectedAnswer ('pong')", "UnexpectedAnswer ('pong')")]
    // Short read: the first segment has to hold all.
    [InlineData("PING", "PONG", false, "read|send PO|pause|send NG|hang", "TooShort (2 of 4 bytes in the first read)", "Passed")]
    [InlineData("PING", "PONG", false, "read|send PO", "TooShort (2 of 4 bytes in the first read)", "TooShort (2 of 4 bytes)")]
    [InlineData("PING", "PONG", false, "read", "TooShort (0 of 4 bytes in the first read)", "Closed (no answer)")]
    // A star is anything, for nanny even an end of file; in a longer text it is a star.
    [InlineData("PING", "*", false, "read|send x|hang", "Passed", "Passed")]
    [InlineData("PING", "*", false, "read", "Passed", "Closed (no answer)")]
    [InlineData("PING", "*x", false, "read|send *x|hang", "Passed", "Passed")]
    [InlineData("PING", "*x", false, "read|send yx|hang", "UnexpectedAnswer ('yx')", "UnexpectedAnswer ('yx')")]
    // A regular expression is searched, not held to the beginning; nanny sees the first segment up to a zero byte.
    [InlineData("GET", "(200|302) OK", true, "read|send HTTP/1.0 200 OK|hang", "Passed", "Passed")]
    [InlineData("GET", "^200", true, "read|send HTTP/1.0 200 OK", "UnexpectedAnswer (not in 'HTTP/1.0 200 OK')", "UnexpectedAnswer (not in 'HTTP/1.0 200 OK')")]
    [InlineData("GET", "200 OK", true, "read|send HTTP/1.0 |pause|send 200 OK|hang", "UnexpectedAnswer (not in 'HTTP/1.0 ')", "Passed")]
    [InlineData("GET", "end", true, "read|send begin\u0000end|hang", "UnexpectedAnswer (not in 'begin')", "Passed")]
    [InlineData("GET", ".", true, "read", "Closed (no answer)", "Closed (no answer)")]
    // Reset instead of an answer.
    [InlineData("PING", "PONG", false, "read|reset", "Closed (reset)", "Closed (reset)")]
    public async Task Probe_Tcp_IsJudged(
        string send, string expect, bool regex, string script, string strict, string friendly)
    {
        var steps = script.Split('|');
        await using var server = new ScriptedServer(steps);
        await using var another = new ScriptedServer(steps);
        var options = new ProbeOptions { Send = send, Expect = expect, Regex = regex, Timeout = Probe.Long };

        Assert.Equal(strict, (await Probe.OnceAsync(options with { Strict = true }, server.EndPoint)).ToString());
        Assert.Equal(friendly, (await Probe.OnceAsync(options, another.EndPoint)).ToString());
    }

    [Theory]
    [InlineData(254, "Passed", "Passed")]
    // Beyond 254 bytes nanny compares nothing.
    [InlineData(300, "Passed", "UnexpectedAnswer")]
    public async Task Probe_LongExpect_IsCutByNanny(int length, string strict, string friendly)
    {
        var expect = new string('a', length);
        await using var server = new ScriptedServer($"send {new string('a', 254)}bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "hang");
        var options = new ProbeOptions { Expect = expect, Timeout = Probe.Long };

        Assert.Equal(strict, (await Probe.OnceAsync(options with { Strict = true }, server.EndPoint)).Outcome.ToString());
        Assert.Equal(friendly, (await Probe.OnceAsync(options, server.EndPoint)).Outcome.ToString());
    }

    // Any datagram will do for nanny when nothing is expected; Gateway then wants no datagram, only no refusal.
    [Theory]
    [InlineData("", "any", "Passed", "Passed")]
    [InlineData("*", "any", "Passed", "Passed")]
    [InlineData("PONG", "PONG", "Passed", "Passed")]
    [InlineData("PONG", "PONGPONG", "Passed", "Passed")]
    [InlineData("PONG", "PO", "TooShort (2 of 4 bytes in the first read)", "TooShort (2 of 4 bytes)")]
    public async Task Probe_Udp_IsJudged(string expect, string answer, string strict, string friendly)
    {
        using var server = UdpPeer.Bind();
        var options = new ProbeOptions { Kind = "udp", Send = "PING", Expect = expect, Timeout = Probe.Long };

        Assert.Equal(strict, await AnswerAsync(server, answer, options with { Strict = true }));
        Assert.Equal(friendly, await AnswerAsync(server, answer, options));
    }

    // The table of send_program: only the output counts for nanny, and an empty one is good if a text is expected.
    [LinuxTheory]
    [InlineData("exit 3", "", "CommandFailed (printed nothing)", "CommandFailed (exit code 3)")]
    [InlineData("exit 3", "OK", "Passed", "CommandFailed (exit code 3)")]
    [InlineData("exit 0", "", "CommandFailed (printed nothing)", "Passed")]
    [InlineData("echo OK", "", "CommandFailed (printed 'OK.')", "Passed")]
    [InlineData("echo OK", "OK", "Passed", "Passed")]
    [InlineData("echo FAIL", "OK", "CommandFailed (printed 'FAIL.')", "CommandFailed (printed 'FAIL.')")]
    public async Task Probe_Command_IsJudged(string script, string expect, string strict, string friendly)
    {
        var options = new ProbeOptions { Kind = "command", Command = ["sh", "-c", script], Expect = expect, Timeout = Probe.Long };
        var target = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 1);

        Assert.Equal(strict, (await Probe.OnceAsync(options with { Strict = true }, target)).ToString());
        Assert.Equal(friendly, (await Probe.OnceAsync(options, target)).ToString());
    }

    private static async Task<string> AnswerAsync(UdpPeer server, string answer, ProbeOptions options)
    {
        var probe = Probe.OnceAsync(options, server.EndPoint);
        var (_, sender) = await server.ReceiveFromAsync();
        server.SendTo(answer, sender);
        return (await probe).ToString();
    }
}
