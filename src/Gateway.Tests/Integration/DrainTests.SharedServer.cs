using Gateway.Clusters;
using Gateway.Tests.Support;

namespace Gateway.Tests.Integration;

/// <content>Two destinations at one server.</content>
public sealed partial class DrainTests
{
    /// <summary>The connections to one server are kept by its address, whichever destination they are used for.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Drain_DestinationAtTheServerOfAnother_LeavesTheOthersRequestsAlone(bool isOtherRemoved)
    {
        using var server = new TcpDestination();
        var (a, b) = (Json.Destination("a", $"http://{server.EndPoint}/a"), Json.Destination("b", $"http://{server.EndPoint}/b"));
        var (http, idle) = (""" "Http": { "Forwarder": "yarp" }, """, """ "IdleTimeout": "00:05:00", """);
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy("rr", [a, b], idle).Insert(1, http));
        var first = gateway.Client.GetStringAsync("/", _patience.Token);
        using var connectionOfA = await server.AcceptedAsync();
        Assert.StartsWith("GET /a/ ", await ReadRequestAsync(connectionOfA), StringComparison.Ordinal);
        var second = gateway.Client.GetStringAsync("/", _patience.Token);
        using var connectionOfB = await server.AcceptedAsync();
        Assert.StartsWith("GET /b/ ", await ReadRequestAsync(connectionOfB), StringComparison.Ordinal);
        await connectionOfA.SendAllAsync(_answer);
        Assert.Equal("a", await first);

        if (isOtherRemoved)
        {
            await gateway.ReloadAsync(Json.Proxy("rr", [a], idle).Insert(1, http));
        }

        Say(gateway, "web", AdminOrder.Drain, "a");
        await Task.Delay(TimeSpan.FromMilliseconds(300), _patience.Token);
        await connectionOfB.SendAllAsync(_answer);

        Assert.Equal("a", await second);
        if (!isOtherRemoved)
        {
            Say(gateway, "web", AdminOrder.Drain, "b");
        }

        Assert.Empty(await connectionOfA.ReadToEndAsync().WaitAsync(_patience.Token));
    }
}
