using System.Diagnostics;
using System.Globalization;
using Gateway.Tests.Support;
using Xunit.Abstractions;

namespace Gateway.Tests.Integration;

/// <summary>What a client sees when the first of two destinations has one fault, and how often each was asked: the table of
/// docs/faults.md.</summary>
public class FaultTests(ITestOutputHelper output)
{
    // Script of the faulty destination ("closed" and "full" are no server, "name" is no address), method, what the client gets.
    [Theory]
    [InlineData("closed", "GET", 200)]
    [InlineData("closed", "POST", 200)]
    [InlineData("full", "GET", 200)]
    [InlineData("full", "POST", 200)]
    [InlineData("name", "GET", 200)]
    [InlineData("reset", "GET", 200)]
    [InlineData("read|reset", "GET", 200)]
    [InlineData("read|reset", "POST", 502)]
    [InlineData("read", "GET", 200)]
    [InlineData("read|send nonsense, at length\r\n\r\n", "GET", 200)]
    [InlineData("read|send nonsense, at length\r\n\r\n", "POST", 502)]
    [InlineData("read|send HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n|hang", "GET", 500)]
    [InlineData("read|hang", "GET", 504)]
    [InlineData("read|send HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf|reset", "GET", -1)]
    public async Task Fault_OfTheFirstDestination_IsSeenAs(string script, string method, int expected)
    {
        await using var good = await HttpDestination.StartAsync("good");
        using var silent = script == "full" ? new SilentDestination() : null;
        await using var server = script is "closed" or "full" or "name" ? null : new ScriptedServer(script.Split('|'));
        var address = script switch
        {
            "closed" => TcpDestination.Unused().ToString(),
            "full" => silent!.EndPoint.ToString(),
            "name" => "no-such-host.invalid:80",
            _ => server!.EndPoint.ToString(),
        };
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy(
            "FirstAlphabetical", [Json.Destination("a", $"http://{address}"), Json.Destination("b", good.Address)],
            """ "ConnectTimeout": "00:00:00.5", """, $""" "Timeout": "{(expected == 504 ? "00:00:01" : "00:01:00")}", """));
        var started = Stopwatch.GetTimestamp();

        var seen = await AskAsync(gateway.Client, method);

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {script.ReplaceLineEndings(" ")} | {method} | {seen} | {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms |"));
        Assert.Equal(expected, seen);
        Assert.Equal(expected == 200 ? 1 : 0, good.Requests);
        await Eventually.TrueAsync(() => gateway.State("web", "a").Active == 0, "nothing stays reserved");
    }

    [NeedsFact("nginx")]
    public async Task Fault_NginxIsStopped_Is504AfterTheTimeoutAndNobodyElsesProblem()
    {
        await using var stopped = await Nginx.StartAsync("stopped");
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy(
            "rr", [Json.Destination("a", $"http://{stopped.EndPoint}")], routeMore: """ "Timeout": "00:00:01", """));
        Assert.Equal("stopped", await gateway.Client.GetStringAsync("/"));
        stopped.Signal(PosixSignalNumber.Stop);

        var seen = await AskAsync(gateway.Client, "GET");
        stopped.Signal(PosixSignalNumber.Continue);

        Assert.Equal(504, seen);
        await Eventually.TrueAsync(async () => await AskAsync(gateway.Client, "GET") == 200, "it serves again");
    }

    /// <summary>The status; -1 for an answer that breaks off.</summary>
    private static async Task<int> AskAsync(HttpClient client, string method)
    {
        try
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), "/") { Content = method == "POST" ? new StringContent("once") : null };
            using var answer = await client.SendAsync(request);
            await answer.Content.ReadAsByteArrayAsync();
            return (int)answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return -1;
        }
    }
}
