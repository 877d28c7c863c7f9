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

    /// <summary>Requests forwarded on the lane, and in the pipeline: by YARP's forwarder when a test beside this one listens for traces,
    /// as all of a process do.</summary>
    public static (long Lane, long Pipeline) Counts(RunningGateway gateway)
    {
        var counts = gateway.Services.GetRequiredService<ForwardedRequests>();
        return (counts.Lane, counts.Pipeline + counts.Yarp);
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

    /// <summary>Waits until Gateway has taken all that the client has sent: the kernel holds none of it any more.</summary>
    public static Task TakenAsync(WireClient client)
    {
        var (near, far) = ((IPEndPoint)client.Socket.LocalEndPoint!, (IPEndPoint)client.Socket.RemoteEndPoint!);
        var line = $" 0100007F:{far.Port:X4} 0100007F:{near.Port:X4} ";
        return Eventually.TrueAsync(async () =>
        {
            // Behind the addresses come the state, and the bytes to be sent and to be received. One that becomes a connection while the
            // table is read is in it twice.
            var states = (await File.ReadAllLinesAsync("/proc/net/tcp"))
                .Where(text => text.Contains(line, StringComparison.Ordinal))
                .Select(text => text[(text.IndexOf(line, StringComparison.Ordinal) + line.Length)..].Split(' '))
                .ToArray();
            return states is [[not "03", var bytes, ..]] && bytes.EndsWith(":00000000", StringComparison.Ordinal);
        }, "what was sent is taken");
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
