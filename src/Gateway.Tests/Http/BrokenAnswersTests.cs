using Gateway.Clusters;
using Gateway.Http;
using Gateway.Tests.Http.Conformance;
using Gateway.Tests.Http.Plain;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Http;

/// <summary>An answer that is not passed on is told in the log with the rule it breaks; once a minute, and at Debug always.</summary>
public sealed class BrokenAnswersTests
{
    private const string Beginning = "Destination a of cluster web gave an answer that is not passed on: ";

    public static IEnumerable<object[]> Answers =>
        from stack in HttpVariant.Own
        from answer in ((string, string)[])
        [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\nX: y\r\n\r\nabcde", "a line does not end in CR LF"),
            ("SSH-2.0-x\r\n\r\n", "the status line is not one of HTTP/1.1 or HTTP/1.0"),
            ("HTTP/1.1 101 Switching Protocols\r\n\r\n", "it switches protocols, which nobody asked for"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "a chunk that is not allowed"),
        ]
        select new object[] { stack, answer };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task AnswerIsNotPassedOn_TheLogHasTheRule(HttpVariant stack, (string Text, string Rule) answer)
    {
        var lines = await AskAsync(stack, answer.Text, 3);

        string[] expected = [$"Information {Beginning}{answer.Rule}", $"Debug {Beginning}{answer.Rule}", $"Debug {Beginning}{answer.Rule}"];
        Assert.Equal(expected, lines);
    }

    /// <summary>In its client's words.</summary>
    [Fact]
    public async Task YarpsForwarder_TellsToo() =>
        Assert.StartsWith($"Information {Beginning}", Assert.Single(await AskAsync(new("loops", "yarp"), "SSH-2.0-x\r\n\r\n", 1)), StringComparison.Ordinal);

    private static async Task<IReadOnlyCollection<string>> AskAsync(HttpVariant stack, string answer, int times)
    {
        using var destination = new WireDestination();
        destination.On("/", answer).Closes = true;
        var json = stack.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)]));
        await using var gateway = await RunningGateway.StartAsync(json.Insert(
            json.IndexOf('{', StringComparison.Ordinal) + 1, """ "Logging": { "LogLevel": { "Default": "Warning", "Gateway.Http": "Debug" } }, """));
        using var log = new Recorder();
        gateway.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        for (var asked = 1; asked <= times; asked++)
        {
            using var client = await LaneRig.ConnectAsync(gateway);
            await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
            await Eventually.TrueAsync(() => log.Lines.Count == asked, "it is told");
        }

        Assert.Equal(times, gateway.State("web", "a").Failures(FailureReason.ResponseBroken));
        return log.Lines;
    }

    private sealed class Recorder : ILoggerProvider
    {
        private readonly RecordingLogger<BrokenAnswers> _logger = new(LogLevel.Debug);

        public IReadOnlyCollection<string> Lines => _logger.Lines;

        public ILogger CreateLogger(string categoryName) =>
            categoryName == typeof(BrokenAnswers).FullName ? _logger : NullLogger.Instance;

        public void Dispose()
        {
        }
    }
}
