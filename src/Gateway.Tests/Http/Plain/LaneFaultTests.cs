using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Gateway.Clusters;
using Gateway.Http;
using Gateway.Http.Plain;
using Gateway.Tests.Http.Conformance;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using static Gateway.Tests.Http.Plain.LaneRig;

namespace Gateway.Tests.Http.Plain;

/// <summary>Clients and destinations that do what they want, while the lane is switched and connections are told to end.</summary>
[Collection(Alone.Name)]
public sealed class LaneFaultTests
{
    private const int Clients = 64;
    private const int Connections = 12;
    private const int Requests = 8;

    [LinuxFact]
    public async Task AnyOrderOfFaults_NothingIsLeft_AndWhatIsWholeIsRight()
    {
        await using var a = await HttpDestination.StartAsync("a", AnswerAsync);
        await using var b = await HttpDestination.StartAsync("b", AnswerAsync);
        await using var gateway = await RunningGateway.StartAsync(Lane.Configure(Json.Proxy(
            "rr", [Json.Destination("a", a.Address), Json.Destination("b", b.Address)])));
        using var errors = new ErrorRecorder();
        gateway.Services.GetRequiredService<ILoggerFactory>().AddProvider(errors);
        using var done = new CancellationTokenSource();

        var trouble = Task.Run(() => TroubleAsync(gateway, done.Token));
        var clients = Enumerable.Range(0, Clients).Select(seed => Task.Run(() => RunAsync(gateway, new Random(seed))));
        var whole = (await Task.WhenAll(clients)).Sum();
        await done.CancelAsync();
        await trouble;

        Assert.True(whole > Clients * Connections, $"{whole} whole answers");
        Assert.True(Counts(gateway) is { Lane: > 0, Pipeline: > 0 });
        await Eventually.TrueAsync(
            () => gateway.State("web", "a").Active + gateway.State("web", "b").Active == 0, "no request is left");
        await Eventually.TrueAsync(
            () => gateway.Services.GetRequiredService<ClientConnections>().Snapshot().Count == 0, "no connection is left");
        Assert.DoesNotContain(errors.Lines, line => line.Contains("lane", StringComparison.Ordinal) || line.Contains("loop", StringComparison.Ordinal));

        // The loops are as they were.
        gateway.Services.GetRequiredService<PlainLane>().IsOn = true;
        using var client = await ConnectAsync(gateway);
        Assert.Equal(Body(10), await AskAsync(client, "GET /length/10 HTTP/1.1\r\nHost: x\r\n\r\n"));
    }

    private static string Body(int length) =>
        string.Create(length, length, static (span, all) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = (char)('a' + ((i + all) % 26));
            }
        });

    private static async Task AnswerAsync(HttpContext context)
    {
        var parts = context.Request.Path.Value!.Split('/');
        var length = int.Parse(parts[2], CultureInfo.InvariantCulture);
        switch (parts[1])
        {
            case "reset":
                context.Abort();
                break;
            case "stall":
                var left = new TaskCompletionSource();
                await using (context.RequestAborted.Register(left.SetResult))
                {
                    await left.Task;
                }

                break;
            case "half":
                context.Response.ContentLength = length;
                await context.Response.WriteAsync(Body(length)[..(length / 2)]);
                await context.Response.Body.FlushAsync();
                context.Abort();
                break;
            case "chunked":
                await context.Response.Body.FlushAsync();
                await context.Response.WriteAsync(Body(length));
                break;
            default:
                context.Response.ContentLength = length;
                context.Response.Headers.Connection = parts[1] == "last" ? "close" : default;
                await context.Response.WriteAsync(Body(length));
                break;
        }
    }

    /// <summary>Switches the lane, and tells some of what is in progress to end or ends it, as drains do.</summary>
    private static async Task TroubleAsync(RunningGateway gateway, CancellationToken done)
    {
        var random = new Random(1);
        var lane = gateway.Services.GetRequiredService<PlainLane>();
        var connections = gateway.Services.GetRequiredService<ClientConnections>();
        while (!done.IsCancellationRequested)
        {
            lane.IsOn = random.Next(4) != 0;
            foreach (var flow in connections.Snapshot().Where(_ => random.Next(40) == 0))
            {
                if (flow.Kind == FlowKind.ClientConnection && random.Next(2) == 0)
                {
                    flow.AskToEnd();
                }
                else
                {
                    flow.Abort();
                }
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>One client; how many whole answers it had.</summary>
    private static async Task<int> RunAsync(RunningGateway gateway, Random random)
    {
        var whole = 0;
        for (var i = 0; i < Connections; i++)
        {
            try
            {
                using var client = await ConnectAsync(gateway);
                whole += await RunAsync(client, random);
            }
            catch (Exception e) when (e is SocketException or IOException or InvalidDataException or EndOfStreamException)
            {
                // Cut off, by one of many.
            }
        }

        return whole;
    }

    private static async Task<int> RunAsync(WireClient client, Random random)
    {
        var whole = 0;
        for (var i = 0; i < Requests; i++)
        {
            var pieces = Enumerable.Range(0, random.Next(1, 4)).Select(_ => Ask(random)).ToArray();
            var text = string.Concat(pieces.Select(piece => piece.Text));
            switch (random.Next(12))
            {
                case 0:
                    // Gone within a head.
                    await client.SendAsync(text[..random.Next(text.Length)]);
                    return whole;
                case 1:
                    await client.SendAsync(text);
                    client.Reset();
                    return whole;
                case 2:
                    await client.SendAsync(text);
                    client.Socket.Shutdown(SocketShutdown.Send);
                    break;
                case 3:
                    // In two pieces, of which the first may be anything.
                    var cut = random.Next(text.Length);
                    await client.SendAsync(text[..cut]);
                    await Task.Yield();
                    await client.SendAsync(text[cut..]);
                    break;
                default:
                    await client.SendAsync(text);
                    break;
            }

            if (text.Contains("/stall/", StringComparison.Ordinal))
            {
                // The client has no patience.
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(100)), TimeProvider.System);
                return whole;
            }

            foreach (var piece in pieces)
            {
                var answer = await client.Reader.ReadAnswerAsync(piece.Method).WaitAsync(TimeSpan.FromSeconds(30));
                if (answer.Status == 200 && piece.Method != "HEAD")
                {
                    Assert.Equal(Body(piece.Length), answer.Text);
                    whole++;
                }

                if (answer["Connection"] == "close")
                {
                    return whole;
                }
            }
        }

        return whole;
    }

    private static (string Text, string Method, int Length) Ask(Random random)
    {
        string[] kinds = ["length", "length", "length", "chunked", "last", "reset", "half", "%6cength"];
        var kind = random.Next(60) == 0 ? "stall" : kinds[random.Next(kinds.Length)];
        var length = random.Next(5) switch { 0 => 0, 1 => random.Next(40_000), 2 => random.Next(400_000), _ => random.Next(3000) };
        var method = random.Next(6) switch { 0 => "HEAD", 1 => "POST", _ => "GET" };
        var body = method == "POST" ? Body(random.Next(200)) : "";
        var text = new StringBuilder($"{method} /{kind}/{length} HTTP/1.1\r\nHost: x\r\n");
        if (method == "POST")
        {
            text.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");
        }

        if (random.Next(10) == 0)
        {
            text.Append("Connection: close\r\n");
        }

        return (text.Append("\r\n").Append(body).ToString(), method, length);
    }
}
