using System.Net;
using System.Net.Sockets;
using Gateway.EventLoop;
using Gateway.Relay;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <summary>More clients at once than are accepted at once.</summary>
[Collection(Alone.Name)]
public abstract class AcceptStormTests(string engine, int connections) : RelayTests(engine)
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    // Each takes four descriptors of this process: client, both sides of the relay, destination.
    private static readonly int _atOnce = (int)Math.Min(3000, Gateway.EventLoop.Descriptors.Limit / 8);

    [Fact]
    public async Task Storm_EveryClient_IsServed()
    {
        using var destination = new HastyDestination();
        await using var rig = await StartForManyAsync(destination.EndPoint);
        using var places = new SemaphoreSlim(_atOnce);

        await Task.WhenAll(Enumerable.Range(0, connections).Select(async _ =>
        {
            await places.WaitAsync();
            try
            {
                await AskAsync(rig);
            }
            finally
            {
                places.Release();
            }
        }));

        for (var i = 0; i < connections; i++)
        {
            Assert.Equal(ConnectionEnd.Destination, (await rig.EndedAsync()).End);
        }

        Assert.Equal((0, connections), (rig.VirtualServer.Active, rig.VirtualServer.Accepted));
        Assert.Equal((0, connections), (rig.State("A").Active, rig.State("A").Flows));
    }

    private static async Task AskAsync(RelayRig rig)
    {
        var relay = rig.Service.Listeners[0].Bound!;
        using var client = new Socket(relay.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(relay);
        var answer = new byte[1];
        Assert.Equal(1, await client.ReceiveAsync(answer).WaitAsync(_deadline));
        Assert.Equal((byte)'A', answer[0]);
        Assert.Equal(0, await client.ReceiveAsync(answer).WaitAsync(_deadline));
    }

    /// <summary>Sends everybody one byte and closes, on a thread of its own, so that it is never what they wait for.</summary>
    private sealed class HastyDestination : IDisposable
    {
        private readonly Socket _listener = ListenSocket.Open(new IPEndPoint(IPAddress.Loopback, 0));
        private readonly Thread _thread;

        public HastyDestination()
        {
            _thread = new Thread(Run) { IsBackground = true };
            _thread.Start();
        }

        public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

        public void Dispose()
        {
            _listener.Dispose();
            _thread.Join();
        }

        private void Run()
        {
            try
            {
                while (true)
                {
                    using var socket = _listener.Accept();
                    socket.Send("A"u8);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Disposed.
            }
        }
    }
}

public class SocketAcceptStormTests() : AcceptStormTests("sockets", connections: 4_000);

public class LoopAcceptStormTests() : AcceptStormTests("auto", connections: 20_000);
