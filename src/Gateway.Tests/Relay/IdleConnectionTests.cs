using System.Net;
using System.Net.Sockets;
using Gateway.EventLoop;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <summary>What connections on which nothing happens cost.</summary>
[Collection(Alone.Name)]
public class IdleConnectionTests
{
    private const int Connections = 2000;
    private const int MostBytes = 1024;

    [LinuxFact]
    public async Task Connection_Idle_TakesAKibibyteAtMost()
    {
        using var destination = ListenSocket.Open(new IPEndPoint(IPAddress.Loopback, 0));
        destination.Blocking = false;
        await using var rig = new RelayRig("auto");
        await rig.RunAsync((IPEndPoint)destination.LocalEndPoint!);
        using var first = new BareConnections(rig, destination);
        await first.OpenAsync(100);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        using var others = new BareConnections(rig, destination);
        await others.OpenAsync(Connections);

        // Twice: what waits to be finalized is gone only then.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Connections;
        Assert.InRange(each, 100, MostBytes);
        Assert.Equal(100 + Connections, rig.Service.Connections.Count);
    }

    /// <summary>Connections through the relay whose two ends are bare descriptors, which take no memory of the process.</summary>
    private sealed class BareConnections(RelayRig rig, Socket destination) : IDisposable
    {
        private readonly Stack<int> _descriptors = new(2 * Connections);
        private int _accepted;

        public async Task OpenAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                _descriptors.Push(Connect(rig.Service.Listeners[0].Bound!));
            }

            await Eventually.TrueAsync(() => AcceptAll() == count, "all have reached the destination");
        }

        public void Dispose()
        {
            while (_descriptors.TryPop(out var descriptor))
            {
                _ = Libc.Close(descriptor);
            }
        }

        private int AcceptAll()
        {
            for (var descriptor = Accept(destination); descriptor >= 0; descriptor = Accept(destination))
            {
                _descriptors.Push(descriptor);
                _accepted++;
            }

            return _accepted;
        }

        private static unsafe int Connect(IPEndPoint to)
        {
            var address = new NativeAddress(to.Address, to.Port);
            var descriptor = Libc.Socket(address.Family, Libc.SocketStream | Libc.SocketNonBlocking | Libc.SocketCloseOnExec, 0);
            Assert.True(descriptor >= 0);
            Assert.True(Libc.Connect(descriptor, &address, address.Length) == 0 || Libc.Errno == Libc.ErrorInProgress);
            return descriptor;
        }

        private static unsafe int Accept(Socket destination)
        {
            NativeAddress address;
            uint length = NativeAddress.MaxLength;
            return Libc.Accept((int)destination.Handle, &address, &length, Libc.SocketCloseOnExec);
        }
    }
}
