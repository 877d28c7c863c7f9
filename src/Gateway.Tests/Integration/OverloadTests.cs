using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Gateway.Queueing;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using LiveRequests = Gateway.Http.LiveRequests;

namespace Gateway.Tests.Integration;

/// <summary>A destination that can do 100 requests a second is offered 500 a second by one greedy and ten polite clients,
/// each with an address of its own, over real connections.</summary>
/// <remarks>The destination's slots are the clock of all: whatever the machine is busy with slows the destination, its clients
/// and so what is counted in the same way.</remarks>
[Collection(Alone.Name)]
public sealed class OverloadTests : IDisposable
{
    private const int Polite = 10;
    private const int Slots = 700;
    private const int QueueLength = 200;
    private const int MaxConnections = 10;
    private const int SlotsASecond = 100;

    private readonly Clients _clients = new(Polite + 1);

    public void Dispose() => _clients.Dispose();

    [LinuxFact]
    public async Task Overload_OneGreedyAndTenPolite_ThePoliteAreServedAndNothingIsWasted()
    {
        var slots = new SlottedDestination();
        await using var destination = await HttpDestination.StartAsync("a", slots.AnswerAsync);
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy(
            "rr", [Json.Destination("a", destination.Address, more: $"\"MaxConnections\": {MaxConnections},")],
            $$""" "Queue": { "Length": {{QueueLength}}, "Timeout": "00:00:01" }, """));
        var queues = gateway.Services.GetRequiredService<ClusterQueues>();
        var live = gateway.Services.GetRequiredService<LiveRequests>();
        var (mostWaiting, mostLive) = (0, 0);
        using var clock = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / SlotsASecond), TimeProvider.System);
        for (var slot = 0; slot < Slots; slot++)
        {
            await clock.WaitForNextTickAsync();
            // Before the pipe is full an idle slot is nobody's fault.
            slots.ServeOne(isCounted: slot >= SlotsASecond);
            Offer(gateway.Client.BaseAddress!, slot);
            mostWaiting = Math.Max(mostWaiting, queues.Find("web")?.Count ?? 0);
            mostLive = Math.Max(mostLive, live.Snapshot().Count);
        }

        var recovery = 0;
        for (; queues.Find("web")!.Count > 0; recovery++)
        {
            await clock.WaitForNextTickAsync();
            slots.ServeOne(isCounted: false);
        }

        while (_clients.AreWaiting)
        {
            await clock.WaitForNextTickAsync();
            slots.ServeOne(isCounted: false);
        }

        var counts = await _clients.CountAsync();
        var (asked, served) = (counts.Skip(1).Sum(c => c.Asked), counts.Skip(1).Sum(c => c.Served));
        var what = $"polite {served} of {asked}, greedy {counts[0].Served} of {counts[0].Asked}, idle slots {slots.Idle} of {slots.Counted}, "
            + $"waiting {mostWaiting}, live {mostLive}, recovery {recovery} slots";
        Assert.True(served >= 0.95 * asked, what);
        Assert.True(slots.Idle <= 0.05 * slots.Counted, what);
        // No answer was made for nobody: what the destination served, clients got.
        Assert.Equal(destination.Requests, counts.Sum(c => c.Served));
        Assert.All(counts, c => Assert.Equal(c.Asked, c.Served + c.Refused));
        Assert.True(counts[0].Refused > 0, what);
        Assert.True(mostWaiting <= QueueLength, what);
        // Those who are being refused are there for a moment too.
        Assert.True(mostLive <= QueueLength + MaxConnections + 100, what);
        Assert.True(recovery < 2 * SlotsASecond, what);
    }

    /// <summary>Five requests a slot: 0.8 of the ten polite ones, in turn, and 4.2 of the greedy one.</summary>
    private void Offer(Uri gateway, int slot)
    {
        for (var request = slot * 5; request < (slot + 1) * 5; request++)
        {
            var isPolite = request % 25 is 0 or 6 or 12 or 18;
            _clients.Ask(gateway, isPolite ? 1 + (((request / 25 * 4) + (request % 25 / 6)) % Polite) : 0);
        }
    }

    /// <summary>Answers one of the requests it has at each slot.</summary>
    private sealed class SlottedDestination
    {
        private readonly ConcurrentQueue<TaskCompletionSource> _under = new();

        /// <summary>Slots that were looked at.</summary>
        public int Counted { get; private set; }

        /// <summary>Those of them in which there was nothing to do.</summary>
        public int Idle { get; private set; }

        public async Task AnswerAsync(HttpContext context)
        {
            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _under.Enqueue(turn);
            await turn.Task;
            await context.Response.WriteAsync("a");
        }

        public void ServeOne(bool isCounted)
        {
            var isBusy = _under.TryDequeue(out var turn);
            turn?.SetResult();
            Counted += isCounted ? 1 : 0;
            Idle += isCounted && !isBusy ? 1 : 0;
        }
    }

    /// <summary>Clients at 127.0.2.1 and following.</summary>
    private sealed class Clients(int count) : IDisposable
    {
        private readonly HttpClient[] _clients = [.. Enumerable.Range(0, count).Select(Create)];
        private readonly List<Task<HttpStatusCode>>[] _answers = [.. Enumerable.Range(0, count).Select(_ => new List<Task<HttpStatusCode>>())];

        public bool AreWaiting => _answers.Any(answers => answers.Exists(answer => !answer.IsCompleted));

        public void Ask(Uri gateway, int client) => _answers[client].Add(AskAsync(_clients[client], gateway));

        public async Task<(int Asked, int Served, int Refused)[]> CountAsync() => [.. (await Task.WhenAll(_answers.Select(Task.WhenAll))).Select(
            answers => (answers.Length, answers.Count(a => a == HttpStatusCode.OK), answers.Count(a => a == HttpStatusCode.ServiceUnavailable)))];

        public void Dispose() => Array.ForEach(_clients, client => client.Dispose());

        private static async Task<HttpStatusCode> AskAsync(HttpClient client, Uri gateway)
        {
            using var answer = await client.GetAsync(gateway);
            return answer.StatusCode;
        }

        private static HttpClient Create(int index) => new(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (context, cancellation) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Bind(new IPEndPoint(new IPAddress([127, 0, 2, (byte)(index + 1)]), 0));
                await socket.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        {
            Timeout = TimeSpan.FromSeconds(60),
        };
    }
}
