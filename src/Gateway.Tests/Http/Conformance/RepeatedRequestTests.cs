using Gateway.Clusters;
using Gateway.Tests.Http.Plain;
using Gateway.Tests.Support;

namespace Gateway.Tests.Http.Conformance;

/// <summary>Requests that were sent on a kept connection, of which nobody knows whether the destination has acted on them.</summary>
public sealed class RepeatedRequestTests
{
    public static IEnumerable<object[]> Cases =>
        from stack in HttpVariant.Own
        from one in ((string Method, string OnReset, int Status)[])
        [
            ("GET", "Safe", 200), ("GET", "Never", 502), ("DELETE", "Idempotent", 200), ("DELETE", "Safe", 502), ("PUT", "Safe", 502), ("POST", "Idempotent", 502),
        ]
        select new object[] { stack, one.Method, one.OnReset, one.Status };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task DestinationDiesWithTheRequest_ItGoesElsewhereOnlyAsOnResetSays(HttpVariant stack, string method, string onReset, int status)
    {
        using var dying = new WireDestination();
        using var other = new WireDestination();
        dying.On("/", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        var last = dying.On("/last", "");
        last.Hold = new TaskCompletionSource().Task;
        var elsewhere = other.On("/last", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var gateway = await RunningGateway.StartAsync(stack.Configure(Json.Proxy(
            "fo", [Json.Destination("a", dying.Address, 2), Json.Destination("b", other.Address)],
            $$""" "Retry": { "OnReset": "{{onReset}}" }, """)));
        using var client = await LaneRig.ConnectAsync(gateway);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(200, (await client.Reader.ReadAnswerAsync()).Status);

        await client.SendAsync($"{method} /last HTTP/1.1\r\nHost: a\r\n\r\n");
        await last.Arrived.Task.WaitAsync(TimeSpan.FromSeconds(30));
        dying.Dispose();

        Assert.Equal(status, (await client.Reader.ReadAnswerAsync()).Status);
        Assert.Equal((1, status == 200 ? 1 : 0), (dying.Connections, elsewhere.Requests.Count));
        var state = gateway.State("web", "a");
        Assert.Equal((1, 0), (state.Failures(FailureReason.ResponseBroken), state.Failures(FailureReason.ConnectRefused)));
    }
}
