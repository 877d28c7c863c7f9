using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>One connection, or UDP socket, of a client in a namespace.</summary>
internal sealed class BedClient : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private readonly Socket _socket;

    private BedClient(Socket socket) => _socket = socket;

    public IPEndPoint Local => (IPEndPoint)_socket.LocalEndPoint!;

    public static async Task<BedClient> ConnectAsync(NetworkNamespace host, IPAddress address, int port, bool udp = false, string? from = null)
    {
        var socket = host.Inside(() => new Socket(
            address.AddressFamily, udp ? SocketType.Dgram : SocketType.Stream, udp ? ProtocolType.Udp : ProtocolType.Tcp));
        try
        {
            if (from is not null)
            {
                socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
            }

            using var deadline = new CancellationTokenSource(_patience);
            await socket.ConnectAsync(new IPEndPoint(address, port), deadline.Token);
            return new BedClient(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Asks the server who it is; returns its name, and checks that it saw this client's own address when
    /// <paramref name="isSeen"/>.</summary>
    public async Task<string> AskAsync(bool isSeen = true, int bytes = 2)
    {
        using var deadline = new CancellationTokenSource(_patience);
        var question = new byte[bytes];
        question[^1] = (byte)'\n';
        await _socket.SendAsync(question, deadline.Token);
        var answer = new byte[256];
        var count = await _socket.ReceiveAsync(answer, deadline.Token);
        var words = Encoding.ASCII.GetString(answer, 0, count).Split(' ', '\n');
        if (count == 0)
        {
            throw new SocketException((int)SocketError.ConnectionReset);
        }

        if (isSeen)
        {
            Assert.Equal($"{Local.Address} {Local.Port}", $"{words[1]} {words[2]}");
        }

        return words[0];
    }

    public void Dispose() => _socket.Dispose();
}
