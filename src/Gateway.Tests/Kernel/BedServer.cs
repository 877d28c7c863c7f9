using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>A server in a namespace that answers every line, or datagram, with its name and the address it sees.</summary>
internal sealed class BedServer : IDisposable
{
    private readonly NetworkNamespace _host;
    private readonly string _name;
    private readonly int _tcp;
    private readonly int _udp;
    private readonly IPAddress[] _addresses;
    private readonly List<Socket> _sockets = [];
    private readonly List<Socket> _listeners = [];
    private readonly List<Socket> _answering = [];

    public BedServer(NetworkNamespace host, string name, int tcp, int udp, IPAddress[] addresses)
    {
        (_host, _name, _tcp, _udp, _addresses) = (host, name, tcp, udp, addresses);
        Listen();
        Answer();
    }

    /// <summary>Accepts connections, as at first.</summary>
    public void Listen()
    {
        foreach (var address in _addresses)
        {
            var listener = _host.Inside(() => new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
            listener.Bind(new IPEndPoint(address, _tcp));
            listener.Listen(512);
            _listeners.Add(listener);
            _ = AcceptAsync(listener);
        }
    }

    /// <summary>Accepts no more; connections go on.</summary>
    public void StopListening()
    {
        _listeners.ForEach(listener => listener.Dispose());
        _listeners.Clear();
    }

    /// <summary>Answers datagrams, as at first.</summary>
    public void Answer()
    {
        foreach (var address in _addresses)
        {
            // A wildcard socket would answer from whatever address the route prefers.
            var socket = _host.Inside(() => new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
            socket.Bind(new IPEndPoint(address, _udp));
            _answering.Add(socket);
            _ = EchoAsync(socket);
        }
    }

    /// <summary>Answers no datagram any more.</summary>
    public void StopAnswering()
    {
        _answering.ForEach(socket => socket.Dispose());
        _answering.Clear();
    }

    public void Dispose()
    {
        StopListening();
        StopAnswering();
        lock (_sockets)
        {
            _sockets.ForEach(socket => socket.Dispose());
        }
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                var socket = await listener.AcceptAsync();
                lock (_sockets)
                {
                    _sockets.Add(socket);
                }

                _ = AnswerAsync(socket);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It was closed.
        }
    }

    private async Task AnswerAsync(Socket socket)
    {
        var bytes = new byte[256];
        try
        {
            while (await socket.ReceiveAsync(bytes) is > 0 and var count)
            {
                for (var i = 0; i < count; i++)
                {
                    if (bytes[i] == (byte)'\n')
                    {
                        await socket.SendAsync(TextFor((IPEndPoint)socket.RemoteEndPoint!));
                    }
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client, or the test, has ended it.
        }

        socket.Dispose();
    }

    private async Task EchoAsync(Socket socket)
    {
        var bytes = new byte[65535];
        try
        {
            while (true)
            {
                var received = await socket.ReceiveFromAsync(bytes, new IPEndPoint(
                    socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0));
                await socket.SendToAsync(TextFor((IPEndPoint)received.RemoteEndPoint), received.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It was closed.
        }
    }

    private byte[] TextFor(IPEndPoint client) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{_name} {client.Address} {client.Port}\n"));
}
