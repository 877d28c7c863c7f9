using System.Net;
using System.Net.Sockets;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <summary>Datagrams of any length and content, through a running relay and back.</summary>
[Collection(Alone.Name)]
public class UdpFuzzTests
{
    private const int Clients = 4;
    private const int RoundTrips = 12_000;
    private const int SmallestObject = 24;
    private const int Largest = 65_507; // RFC 768 and RFC 791: 65 535 less the two headers

    [LinuxFact]
    public async Task Relay_MutatedDatagrams_ComeBackAsTheyAreAndCostNoMemory()
    {
        var datagrams = MutatedDatagrams();
        using var destination = new UdpEcho();
        await using var rig = new RelayRig("auto");
        rig.Options = rig.Options with { Protocol = "udp", UnconfirmedReplies = 0 };
        await rig.RunAsync(destination.EndPoint);
        var relay = rig.Service.Listeners[0].Bound!;
        using var sockets = new ClientSockets(relay);
        await RunAsync(sockets, datagrams, 500);
        var before = GC.GetTotalAllocatedBytes(precise: true);

        await RunAsync(sockets, datagrams, RoundTrips);

        // The clients' threads need some; one object for each datagram would be twice as much at least.
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, SmallestObject * Clients * RoundTrips / 2);
        Assert.Equal((Clients, Clients), (rig.VirtualServer.Active, rig.VirtualServer.Accepted));
        Assert.Equal(Clients, rig.State("A").Flows);
    }

    private static Task RunAsync(ClientSockets sockets, byte[][] datagrams, int roundTrips) =>
        Task.WhenAll(sockets.All.Select((socket, i) => Task.Factory.StartNew(
            () => RoundTrip(socket, datagrams, i, roundTrips), CancellationToken.None, TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));

    private static void RoundTrip(Socket socket, byte[][] datagrams, int first, int count)
    {
        var answer = new byte[Largest + 1];
        for (var i = first; i < first + count; i++)
        {
            var datagram = datagrams[i % datagrams.Length];
            socket.Send(datagram);
            var length = socket.Receive(answer);
            if (!answer.AsSpan(0, length).SequenceEqual(datagram))
            {
                Assert.Fail($"Datagram {i} of {datagram.Length} bytes came back as another of {length}.");
            }
        }
    }

    /// <summary>A DNS question, the header of a QUIC packet, nothing, and the largest there is; and what random changes make
    /// of them.</summary>
    private static byte[][] MutatedDatagrams()
    {
        var random = new Random(7);
        var large = new byte[Largest];
        random.NextBytes(large);
        byte[][] seeds =
        [
            Convert.FromHexString("1A2B01000001000000000000076578616D706C6503636F6D0000010001"),
            Convert.FromHexString("C0000000010883948F03DEADBEEF08F067A5502A4262B50040"),
            [0],
            large[..1472],
        ];
        var mutated = Enumerable.Range(0, 1000).Select(i => Mutation.Of(seeds[i % seeds.Length], random));
        return [.. mutated, [], large, large[..^1]];
    }

    private sealed class ClientSockets(IPEndPoint relay) : IDisposable
    {
        public Socket[] All { get; } = [.. Enumerable.Range(0, Clients).Select(_ => Connect(relay))];

        public void Dispose() => Array.ForEach(All, socket => socket.Dispose());

        private static Socket Connect(IPEndPoint relay)
        {
            var socket = new Socket(relay.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 30_000 };
            socket.Connect(relay);
            return socket;
        }
    }

    /// <summary>Sends each datagram back, on a thread of its own, without memory for any.</summary>
    private sealed class UdpEcho : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        private readonly Thread _thread;

        public UdpEcho()
        {
            _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _thread = new Thread(Run) { IsBackground = true };
            _thread.Start();
        }

        public IPEndPoint EndPoint => (IPEndPoint)_socket.LocalEndPoint!;

        public void Dispose()
        {
            _socket.Dispose();
            _thread.Join();
        }

        private void Run()
        {
            var buffer = new byte[Largest + 1];
            var sender = new SocketAddress(AddressFamily.InterNetwork);
            try
            {
                while (true)
                {
                    var length = _socket.ReceiveFrom(buffer, SocketFlags.None, sender);
                    _socket.SendTo(buffer.AsSpan(0, length), SocketFlags.None, sender);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Disposed.
            }
        }
    }
}
