using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Http.Conformance;

namespace Gateway.Tests.Http.Plain;

/// <summary>A destination that does what the path of the request says: <c>/what/length/number</c>. The body of an answer is known from
/// its length and number.</summary>
internal sealed class ChaosDestination : IDisposable
{
    private readonly ConcurrentDictionary<Socket, bool> _open = new();
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public ChaosDestination()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(512);
        _ = AcceptAsync();
    }

    public string Address => $"http://{_listener.LocalEndPoint}";

    /// <summary>Connections that are open.</summary>
    public int Open => _open.Count;

    /// <summary>The body of an answer.</summary>
    public static byte[] Body(int length, int number)
    {
        var body = new byte[length];
        for (var i = 0; i < length; i++)
        {
            body[i] = (byte)((i * 31) + (i >> 8) + number);
        }

        return body;
    }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync();
                _open[socket] = true;
                _ = ServeAsync(socket);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        socket.NoDelay = true;
        try
        {
            var reader = new WireReader(socket);
            while (await reader.ReadRequestAsync() is { } request && await AnswerAsync(socket, request))
            {
                // The next.
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or EndOfStreamException or TimeoutException)
        {
            // Gateway has left.
        }
        finally
        {
            socket.Dispose();
            _open.TryRemove(socket, out _);
        }
    }

    /// <summary>Answers; false when the connection is to be closed.</summary>
    private static async Task<bool> AnswerAsync(Socket socket, WireMessage request)
    {
        var parts = request.Target.Split('/');
        var length = int.Parse(parts[2], CultureInfo.InvariantCulture);
        var body = Body(length, int.Parse(parts[3], CultureInfo.InvariantCulture));
        switch (parts[1])
        {
            case "known":
                await SendAsync(socket, $"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n", body);
                return true;
            case "early":
                await SendAsync(socket, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", []);
                goto case "known";
            case "slow":
                await SendAsync(socket, $"HTTP/1.1 200 OK\r\nContent-", []);
                await Task.Delay(TimeSpan.FromMilliseconds(3), TimeProvider.System);
                await SendAsync(socket, $"Length: {length}\r\n\r\n", body[..(length / 2)]);
                await Task.Delay(TimeSpan.FromMilliseconds(3), TimeProvider.System);
                await SendAsync(socket, "", body[(length / 2)..]);
                return true;
            case "chunked":
                await SendAsync(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", []);
                foreach (var chunk in body.Chunk(7777))
                {
                    await SendAsync(socket, $"{chunk.Length:x}\r\n", [.. chunk, .. "\r\n"u8]);
                }

                await SendAsync(socket, "0\r\n\r\n", []);
                return true;
            case "ended":
                await SendAsync(socket, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", body);
                return false;
            case "none":
                await SendAsync(socket, "HTTP/1.1 204 No Content\r\n\r\n", []);
                return true;
            case "last":
                await SendAsync(socket, $"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n", body);
                return false;
            case "part":
                await SendAsync(socket, $"HTTP/1.1 200 OK\r\nContent-Length: {length + 1}\r\n\r\n", body);
                return false;
            case "reset":
                socket.LingerState = new LingerOption(true, 0);
                return false;
            case "stall":
                _ = await socket.ReceiveAsync(new byte[1]);
                return false;
            default:
                return false;
        }
    }

    private static async Task SendAsync(Socket socket, string head, byte[] body)
    {
        for (ReadOnlyMemory<byte> rest = (byte[])[.. Encoding.ASCII.GetBytes(head), .. body]; !rest.IsEmpty;)
        {
            rest = rest[await socket.SendAsync(rest)..];
        }
    }
}
