using System.Net.Sockets;
using System.Text;
using Gateway.Clusters;
using Gateway.Http;
using Gateway.Http.Plain;
using Gateway.Http.Transport;
using Gateway.Tests.Http.Conformance;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using static Gateway.Tests.Http.Plain.LaneRig;

namespace Gateway.Tests.Http.Plain;

/// <summary>Connections with every fault in every order, while the lane is switched and drains ask and cut off: nothing is left of
/// them, and what a client got is what it asked for.</summary>
[Collection(Alone.Name)]
public sealed class LaneChaosTests
{
    private const int Workers = 24;
    private const int ConnectionsEach = 60;

    private static readonly string[] _good = ["known", "early", "slow", "chunked", "ended", "none", "last"];
    private static readonly string[] _bad = ["part", "reset", "close"];
    private static readonly int[] _lengths = [0, 1, 100, 15_000, 16_384, 40_000, 300_000];

    private enum ClientEnd
    {
        Close,
        Reset,
        HalfClose,
        ResetWithinAnswer,
    }

    [LinuxTheory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task EveryFaultInEveryOrder_LeavesNothing_AndEveryAnswerIsExact(int seed, bool isDrained)
    {
        using var a = new ChaosDestination();
        using var b = new ChaosDestination();
        await using var gateway = await RunningGateway.StartAsync(Lane.Configure(
            Json.Proxy("lc", [Json.Destination("a", a.Address), Json.Destination("b", b.Address)])));
        using var errors = new ErrorRecorder();
        gateway.Services.GetRequiredService<ILoggerFactory>().AddProvider(errors);
        var ends = Ends(gateway);
        var sockets = OpenSockets();
        var tally = new Tally();

        using var over = new CancellationTokenSource();
        var disturbing = isDrained ? DisturbAsync(gateway, new Random(seed), over.Token) : Task.CompletedTask;
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(
            () => WorkAsync(gateway, new Random((seed * 1000) + worker), isDrained, tally))));
        await over.CancelAsync();
        await disturbing;

        var clients = gateway.Services.GetRequiredService<ClientConnections>();
        await Eventually.TrueAsync(() => clients.Snapshot().Count == 0, "no connection of a client is left");
        foreach (var id in (string[])["a", "b"])
        {
            await Eventually.TrueAsync(() => gateway.State("web", id).Active == 0, $"nothing is in progress at {id}");
        }

        gateway.Services.GetRequiredService<HttpLoops>().CloseIdle(
            new HashSet<DestinationState> { gateway.State("web", "a"), gateway.State("web", "b") });
        await Eventually.TrueAsync(() => a.Open == 0 && b.Open == 0, "no connection to a destination is left");
        await Eventually.TrueAsync(() => OpenSockets() <= sockets, $"no more sockets than {sockets}");
        var counts = Counts(gateway);
        Assert.Equal(counts.Lane + counts.Pipeline, ends.Sum(end => end.Attempts));
        Assert.True(tally.Exact > Workers * ConnectionsEach / 2, $"{tally.Exact} exact answers");
        Assert.True(counts.Lane > tally.Exact / 4, $"{counts.Lane} on the lane");
        Assert.Empty(errors.Lines);
    }

    private static int OpenSockets() => Directory.GetFiles("/proc/self/fd")
        .Count(file => new FileInfo(file).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);

    /// <summary>Switches the lane, and has drains ask and cut off whatever there is.</summary>
    private static async Task DisturbAsync(RunningGateway gateway, Random random, CancellationToken over)
    {
        var lane = gateway.Services.GetRequiredService<PlainLane>();
        var clients = gateway.Services.GetRequiredService<ClientConnections>();
        while (!over.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1, 20)), TimeProvider.System, CancellationToken.None);
            lane.IsOn = random.Next(4) != 0;
            var flows = clients.Snapshot().ToArray();
            if (flows.Length > 0)
            {
                var flow = flows[random.Next(flows.Length)];
                if (random.Next(3) == 0)
                {
                    flow.Abort();
                }
                else
                {
                    flow.AskToEnd();
                }
            }
        }

        lane.IsOn = true;
    }

    private static async Task WorkAsync(RunningGateway gateway, Random random, bool isDrained, Tally tally)
    {
        for (var i = 0; i < ConnectionsEach; i++)
        {
            var requests = Enumerable.Range(0, random.Next(1, 5)).Select(_ => Ask.Draw(random)).ToList();
            var end = (ClientEnd)(random.Next(3) == 0 ? random.Next(4) : 0);
            if (end is ClientEnd.Close)
            {
                requests.RemoveAll(ask => ask.What == "stall");
            }

            try
            {
                using var client = await ConnectAsync(gateway);
                await UseAsync(client, requests, end, random, tally);
            }
            catch (Exception e) when (e is SocketException or EndOfStreamException)
            {
                // Only by a fault of somebody's.
                Assert.True(isDrained || end != ClientEnd.Close || requests.Exists(ask => ask.IsBad), $"{end}: {string.Join(", ", requests)}: {e}");
            }
        }
    }

    private static async Task UseAsync(WireClient client, List<Ask> requests, ClientEnd end, Random random, Tally tally)
    {
        var isPipelined = random.Next(2) == 0;
        if (isPipelined)
        {
            await SendInPiecesAsync(client, string.Concat(requests.Select(ask => ask.Text)), random);
        }

        if (end == ClientEnd.HalfClose && isPipelined)
        {
            client.Socket.Shutdown(SocketShutdown.Send);
        }

        foreach (var ask in requests)
        {
            if (!isPipelined)
            {
                await SendInPiecesAsync(client, ask.Text, random);
            }

            if (end is ClientEnd.Reset || (ask.What == "stall" && end != ClientEnd.HalfClose))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(0, 8)), TimeProvider.System);
                client.Reset();
                return;
            }

            if (end is ClientEnd.ResetWithinAnswer)
            {
                await client.Socket.ReceiveAsync(new byte[10]).WaitAsync(TimeSpan.FromSeconds(20));
                client.Reset();
                return;
            }

            if (end == ClientEnd.HalfClose && !isPipelined)
            {
                client.Socket.Shutdown(SocketShutdown.Send);
            }

            var answer = await client.Reader.ReadAnswerAsync(ask.Method);
            ask.Check(answer, isLeft: end == ClientEnd.HalfClose);
            tally.CountExact();
            if (answer["Connection"] == "close")
            {
                return;
            }

            if (end == ClientEnd.HalfClose && !isPipelined)
            {
                return;
            }
        }
    }

    private static async Task SendInPiecesAsync(WireClient client, string text, Random random)
    {
        var cut = random.Next(8) == 0 ? random.Next(text.Length) : text.Length;
        await client.SendAsync(text[..cut]);
        if (cut < text.Length)
        {
            await Task.Yield();
            await client.SendAsync(text[cut..]);
        }
    }

    private sealed class Tally
    {
        private int _exact;

        public int Exact => Volatile.Read(ref _exact);

        public void CountExact() => Interlocked.Increment(ref _exact);
    }

    /// <summary>A request.</summary>
    private sealed record Ask(string Method, string What, int Length, int Number, string Text)
    {
        public bool IsBad => _bad.Contains(What);

        public static Ask Draw(Random random)
        {
            var what = random.Next(6) == 0 ? random.Next(4) == 0 ? "stall" : _bad[random.Next(_bad.Length)] : _good[random.Next(_good.Length)];
            var length = _lengths[random.Next(_lengths.Length)];
            var number = random.Next(100);
            var method = random.Next(4) == 0 ? "POST" : "GET";
            var body = method == "POST" ? new string('b', random.Next(3) * 3000) : "";
            var text = new StringBuilder($"{method} /{what}/{length}/{number} HTTP/1.1\r\nHost: x\r\n");
            if (method == "POST")
            {
                text.Append(System.Globalization.CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");
            }

            // What is not plain goes to Kestrel.
            text.Append(random.Next(8) == 0 ? "TE: trailers\r\n\r\n" : "\r\n").Append(body);
            return new Ask(method, what, length, number, text.ToString());
        }

        /// <summary>Compares an answer with what was asked for.</summary>
        /// <param name="answer">What came.</param>
        /// <param name="isLeft">Whether the client has closed its side, which Kestrel takes for an abort.</param>
        public void Check(WireMessage answer, bool isLeft)
        {
            if (answer.Status == 200)
            {
                Assert.True(ChaosDestination.Body(Length, Number).AsSpan().SequenceEqual(answer.Body), $"{this}: {answer.Body.Length} bytes");
            }
            else
            {
                Assert.True(
                    (isLeft && answer.Status == 400) || (What == "none" ? answer.Status == 204 : IsBad && answer.Status == 502),
                    $"{this}: {answer.StartLine}");
            }
        }

        public override string ToString() => $"{Method} {What} {Length}";
    }
}
