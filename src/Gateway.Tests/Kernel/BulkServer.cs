using System.Net;
using System.Net.Sockets;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>A server in a namespace that sends every client as many bytes as it is asked for, and every datagram back.</summary>
internal sealed class BulkServer : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly Socket _listener;
    private readonly Socket _datagrams;

    public BulkServer(NetworkNamespace host, IPAddress address, int tcp, int udp)
    {
        _listener = host.Inside(() => new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        _listener.Bind(new IPEndPoint(address, tcp));
        _listener.Listen();
        _datagrams = host.Inside(() => new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        _datagrams.Bind(new IPEndPoint(address, udp));
        _ = UntilClosedAsync(SendAsync);
        _ = UntilClosedAsync(EchoAsync);
    }

    /// <summary>The socket of datagrams.</summary>
    public Socket Datagrams => _datagrams;

    /// <summary>Sends some bytes and asks for others; returns how many came until the server closed.</summary>
    public static async Task<int> ExchangeAsync(NetworkNamespace client, IPEndPoint server, int up, int down)
    {
        using var deadline = new CancellationTokenSource(_patience);
        using var socket = client.Inside(() => new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        await socket.ConnectAsync(server, deadline.Token);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(BitConverter.GetBytes(up).Concat(BitConverter.GetBytes(down)).Concat(new byte[up]).ToArray(), deadline.Token);
        using var received = new MemoryStream();
        await stream.CopyToAsync(received, deadline.Token);
        return (int)received.Length;
    }

    public void Dispose()
    {
        _listener.Dispose();
        _datagrams.Dispose();
    }

    private static async Task UntilClosedAsync(Func<Task> serve)
    {
        try
        {
            while (true)
            {
                await serve();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It was closed.
        }
    }

    private async Task SendAsync()
    {
        using var socket = await _listener.AcceptAsync();
        await using var stream = new NetworkStream(socket);
        var head = new byte[8];
        await stream.ReadExactlyAsync(head);
        await stream.ReadExactlyAsync(new byte[BitConverter.ToInt32(head)]);
        await stream.WriteAsync(new byte[BitConverter.ToInt32(head, 4)]);
        socket.Shutdown(SocketShutdown.Send);
    }

    private async Task EchoAsync()
    {
        var bytes = new byte[65535];
        var received = await _datagrams.ReceiveFromAsync(bytes, new IPEndPoint(
            _datagrams.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0));
        await _datagrams.SendToAsync(bytes.AsMemory(0, received.ReceivedBytes), received.RemoteEndPoint);
    }
}
