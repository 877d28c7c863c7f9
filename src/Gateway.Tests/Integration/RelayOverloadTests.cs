using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.Tests.Support;

namespace Gateway.Tests.Integration;

/// <summary>A destination that can do 100 relayed connections a second is offered 500 a second by one greedy and ten polite
/// clients, each with an address of its own.</summary>
/// <remarks>The destination's slots are the clock of all, as in <see cref="OverloadTests"/>.</remarks>
[Collection(Alone.Name)]
public sealed class RelayOverloadTests
{
    private const int Polite = 10;
    private const int Slots = 500;
    private const int QueueLength = 200;
    private const int MaxConnections = 10;
    private const int SlotsASecond = 100;

    private readonly List<Task<bool>>[] _answers = [.. Enumerable.Range(0, Polite + 1).Select(_ => new List<Task<bool>>())];

    private bool AreAsking => _answers.Any(answers => answers.Exists(answer => !answer.IsCompleted));

    [LinuxTheory]
    [InlineData("auto")]
    [InlineData("sockets")]
    public async Task Overload_OneGreedyAndTenPolite_ThePoliteAreServedAndNothingIsWasted(string engine)
    {
        using var destination = new SlottedDestination();
        await using var rig = new RelayRig(engine);
        var cluster = RelayRig.Cluster(destination.EndPoint);
        rig.Store.Apply(
            [cluster with
            {
                Queue = new QueueOptions { Length = QueueLength, Timeout = TimeSpan.FromSeconds(1) },
                Destinations = [.. cluster.Destinations.Select(d => d with { MaxConnections = MaxConnections })],
            }],
            [rig.Options]);
        await rig.Service.StartAsync(CancellationToken.None);
        var gateway = rig.Service.Listeners[0].Bound!;
        var (mostWaiting, mostLive) = (0, 0);
        using var clock = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / SlotsASecond), TimeProvider.System);
        for (var slot = 0; slot < Slots; slot++)
        {
            await clock.WaitForNextTickAsync();
            // Before the pipe is full an idle slot is nobody's fault.
            destination.ServeOne(isCounted: slot >= SlotsASecond);
            Offer(gateway, slot);
            mostWaiting = Math.Max(mostWaiting, rig.Queues.Find("c")?.Count ?? 0);
            mostLive = Math.Max(mostLive, (int)rig.State("A").Load.Total);
        }

        var recovery = 0;
        for (; rig.Queues.Find("c")!.Count > 0; recovery++)
        {
            await clock.WaitForNextTickAsync();
            destination.ServeOne(isCounted: false);
        }

        while (AreAsking)
        {
            await clock.WaitForNextTickAsync();
            destination.ServeOne(isCounted: false);
        }

        var served = (await Task.WhenAll(_answers.Select(Task.WhenAll))).Select(answers => answers.Count(isServed => isServed)).ToArray();
        var (politeServed, politeAsked) = (served.Skip(1).Sum(), _answers.Skip(1).Sum(answers => answers.Count));
        var what = $"polite {politeServed} of {politeAsked}, greedy {served[0]} of {_answers[0].Count}, "
            + $"idle slots {destination.Idle} of {destination.Counted}, waiting {mostWaiting}, live {mostLive}, recovery {recovery} slots";
        Assert.True(politeServed >= 0.95 * politeAsked, what);
        Assert.True(destination.Idle <= 0.05 * destination.Counted, what);
        // Nobody was served who had gone.
        Assert.Equal(destination.Served, served.Sum());
        Assert.True(served[0] < _answers[0].Count, what);
        Assert.True(mostWaiting <= QueueLength, what);
        Assert.True(mostLive <= MaxConnections, what);
        Assert.True(recovery < 2 * SlotsASecond, what);
        await Eventually.TrueAsync(() => rig.Service.Connections.Count == 0, "all have ended");
        Assert.Equal((0L, 0), (rig.State("A").Load.Total, rig.VirtualServer.Active));
    }

    /// <summary>Five connections a slot: 0.8 of the ten polite ones, in turn, and 4.2 of the greedy one.</summary>
    private void Offer(IPEndPoint gateway, int slot)
    {
        for (var one = slot * 5; one < (slot + 1) * 5; one++)
        {
            var isPolite = one % 25 is 0 or 6 or 12 or 18;
            var client = isPolite ? 1 + (((one / 25 * 4) + (one % 25 / 6)) % Polite) : 0;
            _answers[client].Add(AskAsync(gateway, client));
        }
    }

    /// <summary>Connects from 127.0.3.1 and following; false when the answer was a reset.</summary>
    private static async Task<bool> AskAsync(IPEndPoint gateway, int client)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(new IPAddress([127, 0, 3, (byte)(client + 1)]), 0));
        try
        {
            await socket.ConnectAsync(gateway);
            await socket.SendAllAsync("question"u8.ToArray());
            return (await socket.ReadToEndAsync()).Length > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Answers one of the connections it has at each slot.</summary>
    private sealed class SlottedDestination : IDisposable
    {
        private readonly ConcurrentQueue<Socket> _under = new();
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        public SlottedDestination()
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen(100);
            _ = AcceptAsync();
        }

        public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

        /// <summary>Slots that were looked at.</summary>
        public int Counted { get; private set; }

        /// <summary>Those of them in which there was nothing to do.</summary>
        public int Idle { get; private set; }

        /// <summary>Connections that were answered.</summary>
        public int Served { get; private set; }

        public void ServeOne(bool isCounted)
        {
            var isBusy = _under.TryDequeue(out var socket);
            if (isBusy)
            {
                Served++;
                _ = AnswerAsync(socket!);
            }

            Counted += isCounted ? 1 : 0;
            Idle += isCounted && !isBusy ? 1 : 0;
        }

        public void Dispose() => _listener.Dispose();

        private static async Task AnswerAsync(Socket socket)
        {
            using var closing = socket;
            await socket.ReadExactlyAsync("question".Length);
            await socket.SendAllAsync("answer"u8.ToArray());
            socket.Shutdown(SocketShutdown.Send);
            await socket.ReadToEndAsync();
        }

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    _under.Enqueue(await _listener.AcceptAsync());
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }
    }
}
