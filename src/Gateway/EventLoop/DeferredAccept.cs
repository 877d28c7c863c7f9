using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gateway.EventLoop;

/// <summary>Has connections accepted when their client has sent something, or after a second of silence (TCP_DEFER_ACCEPT, tcp(7));
/// Linux only.</summary>
/// <remarks>
/// For protocols in which the client speaks first: a loop would accept, find nothing to read, have the kernel watch the socket, and be
/// woken once more. The kernel repeats its SYN-ACK to a silent client after a second, and the answer to that is the connection; until then
/// it is half open (SYN_RECV) on this side, and would be forgotten without a word with the listening socket.
/// </remarks>
internal static class DeferredAccept
{
    private const string HalfOpen = "03";

    private static readonly TimeSpan _lookEvery = TimeSpan.FromMilliseconds(50);

    // A second to the SYN-ACK, and some time for the answer.
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(1.5);

    /// <summary>Begins to defer; false where the system does not.</summary>
    public static bool TryBegin(Socket socket) => TrySet(socket, seconds: 1);

    /// <summary>Has what is deferred accepted, before the sockets are closed; ends when it is, or has had the time to be.</summary>
    /// <param name="sockets">The listening sockets of one port.</param>
    /// <param name="cancellationToken">Ends it at once.</param>
    public static async Task EndAsync(IReadOnlyList<Socket> sockets, CancellationToken cancellationToken)
    {
        foreach (var socket in sockets)
        {
            _ = TrySet(socket, seconds: 0);
        }

        // It is the kernel's clock that counts. Those that come from now on are accepted as they come.
        var time = TimeProvider.System;
        var began = time.GetTimestamp();
        var port = ((IPEndPoint)sockets[0].LocalEndPoint!).Port;
        var deferred = ClientsHalfOpen(port);
        while (deferred.Count > 0 && time.GetElapsedTime(began) < _longest && !cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(_lookEvery, time, CancellationToken.None);
            deferred.IntersectWith(ClientsHalfOpen(port));
        }
    }

    private static bool TrySet(Socket socket, int seconds) =>
        Libc.SetOption((int)socket.Handle, Libc.LevelTcp, Libc.TcpDeferAccept, seconds) == 0;

    private static HashSet<string> ClientsHalfOpen(int port)
    {
        var local = string.Create(CultureInfo.InvariantCulture, $":{port:X4}");
        return [.. ClientsHalfOpen("/proc/net/tcp", local), .. ClientsHalfOpen("/proc/net/tcp6", local)];
    }

    private static List<string> ClientsHalfOpen(string table, string port)
    {
        var clients = new List<string>();
        try
        {
            // A line is its number, the address and port of either side, the state, and more.
            foreach (var line in File.ReadLines(table))
            {
                if (line.Contains(port, StringComparison.Ordinal)
                    && line.Split(' ', 5, StringSplitOptions.RemoveEmptyEntries) is [_, var local, var client, HalfOpen, _]
                    && local.EndsWith(port, StringComparison.Ordinal))
                {
                    clients.Add(client);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Who may not look, or has no IPv6, does not wait.
        }

        return clients;
    }
}
