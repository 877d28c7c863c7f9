using System.Net;
using System.Net.Sockets;
using Gateway.Probing.Answers;

namespace Gateway.Probing.Connections;

/// <summary>Opens and closes the connection of one probe.</summary>
internal static class ProbeSocket
{
    /// <summary>Connects; a name is resolved first, and its addresses are tried in turn.</summary>
    public static async Task<Socket> ConnectAsync(EndPoint endPoint, CancellationToken deadline)
    {
        var socket = endPoint is DnsEndPoint
            ? new Socket(SocketType.Stream, ProtocolType.Tcp)
            : new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            await socket.ConnectAsync(endPoint, deadline);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The address itself, or the first one of the name.</summary>
    /// <exception cref="SocketException">The name has none.</exception>
    public static async ValueTask<IPEndPoint> ResolveAsync(EndPoint endPoint, CancellationToken deadline)
    {
        if (endPoint is IPEndPoint address)
        {
            return address;
        }

        var name = (DnsEndPoint)endPoint;
        var addresses = await Dns.GetHostAddressesAsync(name.Host, deadline);
        return addresses.Length > 0
            ? new IPEndPoint(addresses[0], name.Port)
            : throw new SocketException((int)SocketError.HostNotFound);
    }

    /// <summary>
    /// Closes with an ordinary end of the connection. What has come and was not read is read first: the kernel would
    /// reset the connection otherwise, which servers log as an error of the client.
    /// </summary>
    /// <remarks>It is not shut down before it is closed: that would be an event on the connection, for which a thread is
    /// woken.</remarks>
    public static void Close(Socket socket)
    {
        try
        {
            if (socket.Available is > 0 and <= Expectation.LimitBytes and var unread)
            {
                // Without waiting: behind a read that was broken off, a waiting one would wait for the thread pool, and
                // when many probes end late at once, each of its threads would be one of these.
                socket.Blocking = false;
                socket.Receive(new byte[unread], SocketFlags.None, out _);
            }
        }
        catch (SocketException)
        {
            // The destination has reset it: there is nothing left to end politely.
        }

        socket.Dispose();
    }
}
