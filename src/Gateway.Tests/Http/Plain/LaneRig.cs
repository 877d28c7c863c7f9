using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Gateway.Http;
using Gateway.Http.Forwarding;
using Gateway.Tests.Http.Conformance;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Http.Plain;

/// <summary>What tests of the plain lane share.</summary>
internal static class LaneRig
{
    /// <summary>With the plain lane.</summary>
    public static readonly HttpVariant Lane = new("loops", "gateway", true);

    /// <summary>Without it, otherwise the same.</summary>
    public static readonly HttpVariant Pipeline = new("loops", "gateway");

    /// <summary>A Gateway with the lane before one destination.</summary>
    public static Task<RunningGateway> StartAsync(string address) =>
        RunningGateway.StartAsync(Lane.Configure(Json.Proxy("rr", [Json.Destination("a", address)])));

    /// <summary>Requests forwarded on the lane, and in the pipeline.</summary>
    public static (long Lane, long Pipeline) Counts(RunningGateway gateway)
    {
        var counts = gateway.Services.GetRequiredService<ForwardedRequests>();
        return (counts.Lane, counts.Pipeline);
    }

    /// <summary>What is told of requests from now on.</summary>
    public static ConcurrentQueue<RequestEnd> Ends(RunningGateway gateway)
    {
        var ends = new ConcurrentQueue<RequestEnd>();
        gateway.Services.GetRequiredService<RequestEvents>().Ended += ends.Enqueue;
        return ends;
    }

    public static async Task<WireClient> ConnectAsync(RunningGateway gateway)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, gateway.Client.BaseAddress!.Port);
        return new WireClient(socket);
    }

    /// <summary>The body of the answer, whose status is 200.</summary>
    public static async Task<string> AskAsync(WireClient client, string request)
    {
        await client.SendAsync(request);
        var answer = await client.Reader.ReadAnswerAsync();
        Assert.Equal(200, answer.Status);
        return answer.Text;
    }
}
