using System.Net;
using System.Net.Sockets;
using Gateway.EventLoop;
using Gateway.Tests.Support;

namespace Gateway.Tests.EventLoop;

public sealed class OutgoingDatagramsTests : IDisposable
{
    private readonly OutgoingDatagrams _outgoing = new();

    public void Dispose() => _outgoing.Dispose();

    [LinuxFact]
    public async Task TrySend_SeveralTargets_EachGetsItsOwnInOrder()
    {
        using var sender = Open();
        using var a = UdpPeer.Bind();
        using var b = UdpPeer.Bind();
        for (var i = 0; i < 10; i++)
        {
            Assert.True(TryAdd($"a{i}", a.EndPoint));
            Assert.True(TryAdd($"b{i}", b.EndPoint));
        }

        Assert.True(_outgoing.TrySend((int)sender.Handle));

        Assert.True(_outgoing.IsEmpty);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal($"a{i}", await a.ReceiveAsync());
            Assert.Equal($"b{i}", await b.ReceiveAsync());
        }
    }

    [LinuxFact]
    public async Task TrySend_OneCannotBeSent_OthersAre()
    {
        using var sender = Open();
        using var a = UdpPeer.Bind();

        // Who may not broadcast is told so.
        Assert.True(TryAdd("refused", new IPEndPoint(IPAddress.Broadcast, 9)));
        Assert.True(TryAdd("first", a.EndPoint));
        Assert.True(TryAdd("refused", new IPEndPoint(IPAddress.Broadcast, 9)));
        Assert.True(TryAdd("second", a.EndPoint));

        Assert.True(_outgoing.TrySend((int)sender.Handle));

        Assert.Equal("first", await a.ReceiveAsync());
        Assert.Equal("second", await a.ReceiveAsync());
    }

    [LinuxFact]
    public void TryAdd_Full_TakesMoreOnceSent()
    {
        using var sender = Open();
        using var a = UdpPeer.Bind();
        for (var i = 0; i < OutgoingDatagrams.Capacity; i++)
        {
            Assert.True(TryAdd("x", a.EndPoint));
        }

        Assert.False(TryAdd("x", a.EndPoint));
        Assert.True(_outgoing.TrySend((int)sender.Handle));
        Assert.True(TryAdd(new string('x', 65507), a.EndPoint));
        Assert.False(TryAdd(new string('x', 65507), a.EndPoint));
    }

    [NamespaceFact("tc")]
    public async Task TrySend_SocketTakesNoMore_TheRestWaitsInOrder()
    {
        const int count = 50;
        using var network = new NetworkNamespace("slow");
        network.Exec("tc", "qdisc", "add", "dev", "lo", "root", "tbf", "rate", "1mbit", "burst", "4kb", "limit", "1mb");
        using var sender = network.Inside(Open);
        using var a = network.Inside(() => UdpPeer.Bind());
        sender.SendBufferSize = 4096;
        for (var i = 0; i < count; i++)
        {
            Assert.True(TryAdd($"{i} {new string('x', 500)}", a.EndPoint));
        }

        Assert.False(_outgoing.TrySend((int)sender.Handle));
        Assert.False(_outgoing.IsEmpty);
        await Eventually.TrueAsync(() => _outgoing.TrySend((int)sender.Handle), "there is room again");

        for (var i = 0; i < count; i++)
        {
            Assert.Equal($"{i}", (await a.ReceiveAsync()).Split(' ')[0]);
        }
    }

    private static Socket Open() => new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

    private unsafe bool TryAdd(string text, IPEndPoint target)
    {
        var bytes = System.Text.Encoding.ASCII.GetBytes(text);
        fixed (byte* start = bytes)
        {
            return _outgoing.TryAdd(start, bytes.Length, new NativeAddress(target.Address, target.Port), default);
        }
    }
}
