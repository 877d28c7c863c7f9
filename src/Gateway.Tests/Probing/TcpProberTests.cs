using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.Probing;
using Gateway.Tests.Support;

namespace Gateway.Tests.Probing;

public class TcpProberTests
{
    // nanny's table of send and expect, and what a client of a broken server can meet.
    [Theory]
    // Neither: a connection is enough, whatever comes after it.
    [InlineData("", "", "hang", "Passed")]
    [InlineData("", "", "", "Passed")]
    [InlineData("", "", "send 220 hello", "Passed")]
    // Send only: a written request is enough.
    [InlineData("PING", "", "read", "Passed")]
    [InlineData("PING", "", "hang", "Passed")]
    // Expect only: a greeting.
    [InlineData("", "220 ", "send 220 mail ready", "Passed")]
    [InlineData("", "220 ", "send 554 no", "UnexpectedAnswer ('554 no')")]
    // Prefix: exact, with case, and from the first byte.
    [InlineData("PING", "PONG", "read|send PONG", "Passed")]
    [InlineData("PING", "PONG", "read|send PONGPONG|hang", "Passed")]
    [InlineData("PING", "PONG", "read|send pong", "UnexpectedAnswer ('pong')")]
    [InlineData("PING", "PONG", "read|send  PONG", "UnexpectedAnswer (' PONG')")]
    // An answer in two segments is one answer, where nanny would fail.
    [InlineData("PING", "PONG", "read|send PO|pause|send NG|hang", "Passed")]
    [InlineData("PING", "PONG", "read|send PO|pause|send RK|hang", "UnexpectedAnswer ('PORK')")]
    [InlineData("PING", "PONG", "read|send PO", "TooShort (2 of 4 bytes)")]
    [InlineData("PING", "PONG", "read", "Closed (no answer)")]
    [InlineData("PING", "PONG", "read|reset", "Closed (reset)")]
    [InlineData("PING", "PONG", "read|send PO|pause|reset", "Closed (reset)")]
    // A star is any byte, but a byte it must be; in a longer text it is a star.
    [InlineData("PING", "*", "read|send x", "Passed")]
    [InlineData("PING", "*", "read", "Closed (no answer)")]
    [InlineData("PING", "*x", "read|send *x", "Passed")]
    [InlineData("PING", "*x", "read|send yx", "UnexpectedAnswer ('yx')")]
    // Bytes are UTF-8, and control characters never reach a log.
    [InlineData("PING", "häuser", "read|send häuser", "Passed")]
    [InlineData("PING", "OK", "read|send \r\n\u001b[31mOK", "UnexpectedAnswer ('...[31mOK')")]
    public async Task Probe_PlainExpect_Ends(string send, string expect, string script, string result)
    {
        await using var server = new ScriptedServer(script.Split('|', StringSplitOptions.RemoveEmptyEntries));

        var found = await Probe.OnceAsync(
            new ProbeOptions { Send = send, Expect = expect, Timeout = Probe.Long }, server.EndPoint);

        Assert.Equal(result, found.ToString());
    }

    [Theory]
    [InlineData("^HTTP/1\\.[01] (200|302) ", "read|send HTTP/1.1 302 Found\r\n", "Passed")]
    [InlineData("^HTTP/1\\.[01] (200|302) ", "read|send HTTP/1.1 503 No\r\n", "UnexpectedAnswer (not in 'HTTP/1.1 503 No..')")]
    [InlineData("ready$", "read|send not |pause|send yet, but now: |pause|send ready|hang", "Passed")]
    [InlineData("ready", "read", "Closed (no answer)")]
    [InlineData("*", "read|send x", null)]
    public async Task Probe_RegexExpect_IsSearchedInTheAnswer(string pattern, string script, string? result)
    {
        await using var server = new ScriptedServer(script.Split('|'));
        var options = new ProbeOptions { Send = "GET /", Expect = pattern, Regex = true, Timeout = Probe.Long };

        if (result is null)
        {
            // With Regex a star is no longer anything, and alone it is no expression.
            Assert.ThrowsAny<ArgumentException>(() => Probers.Create(options));
        }
        else
        {
            Assert.Equal(result, (await Probe.OnceAsync(options, server.EndPoint)).ToString());
        }
    }

    [Theory]
    [InlineData("read|hang")]
    [InlineData("read|send PO|hang")]
    public async Task Probe_AnswerIsLate_TimesOut(string script)
    {
        await using var server = new ScriptedServer(script.Split('|'));

        var found = await Probe.UntilItHangsAsync(new ProbeOptions { Send = "PING", Expect = "PONG" }, server);

        Assert.Equal(ProbeOutcome.TimedOut, found.Outcome);
    }

    // Neither may hold the probe until its time is over, nor fill the memory.
    [Theory]
    [InlineData("drip x")]
    [InlineData("endless xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")]
    public async Task Probe_ServerNeverStops_GivesUpByItself(string script)
    {
        await using var server = new ScriptedServer(script);

        var found = await Probe.OnceAsync(
            new ProbeOptions { Expect = "ready", Regex = true, Timeout = Probe.Long }, server.EndPoint);

        Assert.Equal(ProbeOutcome.UnexpectedAnswer, found.Outcome);
    }

    [Fact]
    public async Task Probe_Send_ArrivesAsWritten()
    {
        await using var server = new ScriptedServer("read", "send ok");

        await Probe.OnceAsync(
            new ProbeOptions { Send = "GET / HTTP/1.0\r\n\r\n", Expect = "ok", Timeout = Probe.Long }, server.EndPoint);

        Assert.Equal("GET / HTTP/1.0\r\n\r\n", server.Received);
    }

    // Send, expect in each step; a blank line between. What came before a text is sent is no answer to it.
    [Theory]
    [InlineData("read|send 1|read|send 2|hang", "a:1 b:2", "Passed")]
    [InlineData("read|send 1|read|send 3|hang", "a:1 b:2", "UnexpectedAnswer (step 2: '3')")]
    [InlineData("read|send 1 and more|read|send 2|hang", "a:1 b:2", "Passed")]
    // A step that sends nothing reads on where the one before ended, in one segment or two.
    [InlineData("send 220 hello, 354 go|hang", ":220 :hello", "UnexpectedAnswer (step 2: ' hello, 354 go')")]
    [InlineData("send onetwo|hang", ":one :two", "Passed")]
    [InlineData("send one|pause|send two|hang", ":one :two", "Passed")]
    [InlineData("send o|pause|send net|pause|send wo|hang", ":one :two", "Passed")]
    [InlineData("send one", ":one :two", "Closed (step 2: no answer)")]
    public async Task Probe_Steps_AreTakenInOrder(string script, string steps, string result)
    {
        await using var server = new ScriptedServer(script.Split('|'));
        ProbeStep[] list = [.. steps.Split(' ').Select(step => step.Split(':'))
            .Select(pair => new ProbeStep { Send = pair[0], Expect = pair[1] })];

        var found = await Probe.OnceAsync(new ProbeOptions { Steps = [.. list], Timeout = Probe.Long }, server.EndPoint);

        Assert.Equal(result, found.ToString());
    }

    // The second step reads on right behind the match, whatever the bytes before it are.
    [Theory]
    // The greeting of MySQL: a length whose bytes are no text, a version, and bytes behind it.
    [InlineData("c8ff000a 382e302e33 00 6e657874", "8\\.0\\.3\u0000", "next", "Passed")]
    [InlineData("ff6f6b", "ok", "x", "Closed (step 2: no answer)")]
    [InlineData("6f6be9ff6f6b6e657874", "okn", "ext", "Passed")]
    // Latin-1, whole UTF-8 of two to four bytes, and one that is cut off.
    [InlineData("e46f6b6e657874", "ok", "next", "Passed")]
    [InlineData("c3a4e282acf09f9880 6f6b6e657874", "ok", "next", "Passed")]
    [InlineData("f09f98 6f6b6e657874", "ok", "next", "Passed")]
    [InlineData("6f6bf09f98806e657874", "ok.", "next", "Passed")]
    public async Task Probe_StepAfterARegex_BeginsBehindTheMatch(string bytes, string pattern, string next, string result)
    {
        await using var server = new ScriptedServer($"bytes {bytes.Replace(" ", "", StringComparison.Ordinal)}");
        ProbeStep[] list = [new() { Expect = pattern, Regex = true }, new() { Expect = next }];

        var found = await Probe.OnceAsync(new ProbeOptions { Steps = [.. list], Timeout = Probe.Long }, server.EndPoint);

        Assert.Equal(result, found.ToString());
    }

    [Theory]
    [InlineData("50 49 4E 47", "50 4? ?? 47", "read|send PONG|hang", "Passed")]
    [InlineData("50 49 4E 47", "50 4? ?? 48", "read|send PONG|hang", "UnexpectedAnswer ('PONG')")]
    [InlineData("00", "50 4? ?? 47", "read|send PO", "TooShort (2 of 4 bytes)")]
    public async Task Probe_Hexadecimal_IsSentAndCompared(string send, string expect, string script, string result)
    {
        await using var server = new ScriptedServer(script.Split('|'));

        var found = await Probe.OnceAsync(
            new ProbeOptions { SendHex = send, ExpectHex = expect, Timeout = Probe.Long }, server.EndPoint);

        Assert.Equal(result, found.ToString());
        await Eventually.TrueAsync(
            () => server.Received == System.Text.Encoding.ASCII.GetString(Convert.FromHexString(send.Replace(" ", "", StringComparison.Ordinal))), "it arrived");
    }

    [Fact]
    public async Task Probe_NothingListens_IsRefused()
    {
        var port = FreePort.On(IPAddress.Loopback);

        var found = await Probe.OnceAsync(
            new ProbeOptions { Timeout = Probe.Long }, new IPEndPoint(IPAddress.Loopback, port));

        Assert.Equal(new ProbeResult(ProbeOutcome.ConnectRefused), found);
    }

    [Fact]
    public async Task Probe_BacklogIsFull_TimesOutConnecting()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(backlog: 1);
        var endPoint = (IPEndPoint)listener.LocalEndPoint!;
        // The first two are accepted by the kernel, and whoever comes later gets no answer.
        var waiting = Enumerable.Range(0, 8)
            .Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false })
            .ToArray();
        try
        {
            foreach (var socket in waiting)
            {
                Assert.Equal(
                    SocketError.WouldBlock,
                    Assert.Throws<SocketException>(() => socket.Connect(endPoint)).SocketErrorCode);
            }

            var found = await Probe.OnceAsync(new ProbeOptions { Timeout = TimeSpan.FromMilliseconds(300) }, endPoint);

            Assert.Equal(ProbeOutcome.ConnectTimedOut, found.Outcome);
        }
        finally
        {
            Array.ForEach(waiting, socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task Probe_UnknownName_IsNotFound()
    {
        // RFC 6761 section 6.4: names under "invalid" never exist.
        var found = await Probe.OnceAsync(
            new ProbeOptions { Timeout = Probe.Long }, new DnsEndPoint("nobody.invalid", 80));

        Assert.Equal(ProbeOutcome.NameNotFound, found.Outcome);
    }

    [Theory]
    [InlineData("::1")]
    [InlineData("127.0.0.247")]
    public async Task Probe_OtherAddresses_Work(string address)
    {
        await using var server = new ScriptedServer(IPAddress.Parse(address), null, "send 220 ");

        var found = await Probe.OnceAsync(new ProbeOptions { Expect = "220 ", Timeout = Probe.Long }, server.EndPoint);

        Assert.Equal(new ProbeResult(ProbeOutcome.Passed), found);
    }

    [Fact]
    public async Task Probe_Name_IsResolved()
    {
        await using var server = new ScriptedServer("send 220 ");

        var found = await Probe.OnceAsync(
            new ProbeOptions { Expect = "220 ", Timeout = Probe.Long },
            new DnsEndPoint("localhost", server.EndPoint.Port));

        Assert.Equal(new ProbeResult(ProbeOutcome.Passed), found);
    }

    // The article's check, on a real server.
    [NeedsTheory("nginx")]
    [InlineData("127.0.0.246")]
    [InlineData("::1")]
    public async Task Probe_HttpByHandOnNginx_Passes(string address)
    {
        await using var nginx = await Nginx.StartAsync("a", IPAddress.Parse(address));
        var options = new ProbeOptions
        {
            Send = "GET / HTTP/1.0\r\n\r\n",
            Expect = "HTTP",
            Timeout = Probe.Long,
        };

        Assert.Equal(new ProbeResult(ProbeOutcome.Passed), await Probe.OnceAsync(options, nginx.EndPoint));
        await nginx.KillAsync();
        Assert.Equal(new ProbeResult(ProbeOutcome.ConnectRefused), await Probe.OnceAsync(options, nginx.EndPoint));
    }

    // A stopped process still has its port: the kernel accepts, and nobody answers.
    [NeedsFact("nginx")]
    public async Task Probe_NginxIsStopped_TimesOut()
    {
        await using var nginx = await Nginx.StartAsync("a");
        nginx.Signal(PosixSignalNumber.Stop);

        var found = await Probe.OnceAsync(
            new ProbeOptions { Send = "GET / HTTP/1.0\r\n\r\n", Expect = "HTTP" }, nginx.EndPoint);

        Assert.Equal(ProbeOutcome.TimedOut, found.Outcome);
    }
}
