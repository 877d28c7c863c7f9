using System.Runtime.CompilerServices;
using Gateway.Http;
using Gateway.Http.Forwarding;
using Gateway.Http.Transport;
using Gateway.Tests.Http.Conformance;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using static Gateway.Tests.Http.Plain.LaneRig;

namespace Gateway.Tests.Http.Plain;

/// <summary>What has served a request and waits for the next keeps nothing of it alive.</summary>
[Collection(Alone.Name)]
public sealed class PlainMemoryTests
{
    private const string Ask = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

    public static IEnumerable<object[]> Both => [[Lane], [Pipeline]];

    [LinuxTheory]
    [MemberData(nameof(Both))]
    public async Task ConnectionToADestinationThatIsClosed_IsForgottenByIdleClients(HttpVariant variant)
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await RunningGateway.StartAsync(
            variant.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)])));
        using var client = await ConnectAsync(gateway);
        Assert.Equal("a", await AskAsync(client, Ask));
        Assert.Equal("a", await AskAsync(client, Ask));

        var upstream = CloseUpstream(gateway);

        await CollectedAsync(upstream, "the connection's buffers");
        Assert.Equal("a", await AskAsync(client, Ask));
    }

    [LinuxTheory]
    [MemberData(nameof(Both))]
    public async Task ConnectionToADestinationThatRests_HoldsNoBuffers(HttpVariant variant)
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await RunningGateway.StartAsync(
            variant.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)])));
        using var client = await ConnectAsync(gateway);
        Assert.Equal("a", await AskAsync(client, Ask));
        Assert.Equal("a", await AskAsync(client, Ask));
        int? held = null;

        TakeUpstream(gateway, upstream => held = upstream.Held);

        Assert.Equal(0, held);
        Assert.Equal("a", await AskAsync(client, Ask));
    }

    [LinuxFact]
    public async Task RequestOfAClientThatHasLeft_IsForgotten()
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await RunningGateway.StartAsync(
            Pipeline.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)])));
        WeakReference? context = null;
        Action<RequestEnd> keep = end => context = new WeakReference(end.Context);
        gateway.Services.GetRequiredService<RequestEvents>().Ended += keep;
        using (var client = await ConnectAsync(gateway))
        {
            Assert.Equal("a", await AskAsync(client, Ask));
        }

        await Eventually.TrueAsync(
            () => gateway.Services.GetRequiredService<ClientConnections>().Snapshot().Count == 0, "the connection has ended");
        await CollectedAsync(context!, "the request");
    }

    /// <summary>Closes the one idle connection to the destination.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference CloseUpstream(RunningGateway gateway)
    {
        WeakReference? taken = null;
        TakeUpstream(gateway, upstream => taken = new WeakReference(upstream));
        return taken!;
    }

    /// <summary>Takes the one idle connection to the destination out of its pool, and closes it.</summary>
    private static void TakeUpstream(RunningGateway gateway, Action<Upstream> look)
    {
        var target = gateway.Services.GetRequiredService<UpstreamTargets>().Of(gateway.Store.Current.FindCluster("web")!.Find("a")!);
        foreach (var place in gateway.Services.GetRequiredService<HttpLoops>().Places)
        {
            place.Loop.Run(() =>
            {
                if (place.Upstreams.Take(target, mayRepeat: false) is { } upstream)
                {
                    look(upstream);
                    upstream.Close(UpstreamEnd.Done);
                }
            });
        }
    }

    private static Task CollectedAsync(WeakReference reference, string what) => Eventually.TrueAsync(() =>
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return !reference.IsAlive;
    }, $"{what} can be collected");
}
