using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Support;

/// <summary>An address that answers no connection attempt: the backlog behind it is full.</summary>
internal sealed class SilentDestination : IDisposable
{
    private readonly List<Socket> _sockets = [];

    public SilentDestination()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _sockets.Add(listener);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        EndPoint = (IPEndPoint)listener.LocalEndPoint!;

        // Linux takes one more than the backlog says and drops the handshakes after it.
        for (var i = 0; i < 8; i++)
        {
            var filler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            _sockets.Add(filler);
            try
            {
                filler.Connect(EndPoint);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
                // Non-blocking: connected already, or never.
            }
        }
    }

    public IPEndPoint EndPoint { get; }

    public void Dispose() => _sockets.ForEach(socket => socket.Dispose());
}
