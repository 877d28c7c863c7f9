using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>A UDP socket on loopback, for a client or a destination; datagrams are text.</summary>
internal sealed class UdpPeer : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    private readonly Socket _socket;

    private UdpPeer(AddressFamily family) => _socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);

    public IPEndPoint EndPoint => (IPEndPoint)_socket.LocalEndPoint!;

    /// <summary>A destination.</summary>
    public static UdpPeer Bind(IPAddress? address = null)
    {
        address ??= IPAddress.Loopback;
        var peer = new UdpPeer(address.AddressFamily);
        peer._socket.Bind(new IPEndPoint(address, 0));
        return peer;
    }

    /// <summary>A client, which takes datagrams from nobody but the one it speaks to.</summary>
    public static UdpPeer Connect(IPEndPoint server)
    {
        var peer = new UdpPeer(server.AddressFamily);
        peer._socket.Connect(server);
        return peer;
    }

    public void Send(string text) => _socket.Send(Encoding.ASCII.GetBytes(text));

    public void SendTo(string text, EndPoint target) => _socket.SendTo(Encoding.ASCII.GetBytes(text), target);

    public async Task<string> ReceiveAsync() => (await ReceiveFromAsync()).Text;

    public async Task<(string Text, EndPoint Sender)> ReceiveFromAsync()
    {
        var buffer = new byte[65536];
        EndPoint any = new IPEndPoint(
            _socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        var result = await _socket.ReceiveFromAsync(buffer, any).WaitAsync(_deadline);
        return (Encoding.ASCII.GetString(buffer, 0, result.ReceivedBytes), result.RemoteEndPoint);
    }

    /// <summary>Waits until whoever has the socket at an address of IPv4 has taken all that came to it: the kernel holds none of it.</summary>
    public static Task TakenAsync(EndPoint socket)
    {
        var port = $":{((IPEndPoint)socket).Port:X4}";
        return Eventually.TrueAsync(async () =>
        {
            // Behind the two addresses come the state, and the bytes to be sent and to be received.
            var lines = (await File.ReadAllLinesAsync("/proc/net/udp")).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(columns => columns[1].EndsWith(port, StringComparison.Ordinal)).ToArray();
            return lines.Length > 0 && lines.All(columns => columns[4].EndsWith(":00000000", StringComparison.Ordinal));
        }, "what came is taken");
    }

    /// <summary>Whether nothing has come by now.</summary>
    public bool IsSilent => _socket.Available == 0;

    public void Dispose() => _socket.Dispose();
}
