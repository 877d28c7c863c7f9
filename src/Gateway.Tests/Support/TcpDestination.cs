using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Gateway.EventLoop;

namespace Gateway.Tests.Support;

/// <summary>A TCP server on loopback that hands each accepted connection to the test.</summary>
internal sealed class TcpDestination : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    private readonly Channel<Socket> _accepted = Channel.CreateUnbounded<Socket>();
    private readonly List<Socket> _sockets = [];
    private readonly Socket _listener;

    /// <summary>Listens; port 0 is a free one.</summary>
    public TcpDestination(IPAddress? address = null, int port = 0)
    {
        address ??= IPAddress.Loopback;
        _listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(address, port));
        _listener.Listen(1024);
        EndPoint = (IPEndPoint)_listener.LocalEndPoint!;
        _ = AcceptAsync();
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>Whether a connection has come by now that was not taken yet.</summary>
    public bool HasAccepted => _accepted.Reader.Count > 0 || _listener.Poll(0, SelectMode.SelectRead);

    /// <summary>An address on loopback where nothing listens and nothing else will.</summary>
    public static IPEndPoint Unused() => new(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));

    /// <summary>A server that sends its name and closes each connection when the client has.</summary>
    public static TcpDestination Named(string name)
    {
        var destination = new TcpDestination();
        _ = Serve();
        return destination;

        async Task Serve()
        {
            await foreach (var socket in destination._accepted.Reader.ReadAllAsync())
            {
                await socket.SendAsync(Encoding.ASCII.GetBytes(name));
                _ = CloseAfterClient(socket);
            }
        }

        static async Task CloseAfterClient(Socket socket)
        {
            try
            {
                await socket.ReceiveAsync(new byte[1]);
            }
            catch (SocketException)
            {
                // A reset is an end like any other here.
            }

            socket.Dispose();
        }
    }

    /// <summary>The next connection that comes.</summary>
    public async Task<Socket> AcceptedAsync() => await _accepted.Reader.ReadAsync().AsTask().WaitAsync(_deadline);

    public void Dispose()
    {
        ListenSocket.Close(_listener);
        lock (_sockets)
        {
            _sockets.ForEach(socket => socket.Dispose());
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync();
                lock (_sockets)
                {
                    _sockets.Add(socket);
                }

                _accepted.Writer.TryWrite(socket);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            _accepted.Writer.TryComplete();
        }
    }
}
