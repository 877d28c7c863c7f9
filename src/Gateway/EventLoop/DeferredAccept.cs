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

    public static void Begin(Socket socket) => Set(socket, seconds: 1);

    /// <summary>Has what is deferred accepted, before the sockets are closed; ends when it is, or has had the time to be.</summary>
    /// <param name="sockets">The listening sockets of one port.</param>
    /// <param name="cancellationToken">Ends it at once.</param>
    public static async Task EndAsync(IReadOnlyList<Socket> sockets, CancellationToken cancellationToken)
    {
        foreach (var socket in sockets)
        {
            Set(socket, seconds: 0);
        }

        // It is the kernel's clock that counts.
        var time = TimeProvider.System;
        var began = time.GetTimestamp();
        var port = ((IPEndPoint)sockets[0].LocalEndPoint!).Port;
        while (AnyIsHalfOpen(port) && time.GetElapsedTime(began) < _longest && !cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(_lookEvery, time, CancellationToken.None);
        }
    }

    private static void Set(Socket socket, int seconds) =>
        socket.SetRawSocketOption(Libc.LevelTcp, Libc.TcpDeferAccept, BitConverter.GetBytes(seconds));

    private static bool AnyIsHalfOpen(int port)
    {
        var local = port.ToString("X4", CultureInfo.InvariantCulture);
        return AnyIsHalfOpen("/proc/net/tcp", local) || AnyIsHalfOpen("/proc/net/tcp6", local);
    }

    // A line is its number, the address and port of either side, the state, and more.
    private static bool AnyIsHalfOpen(string table, string port) => File.Exists(table) && File.ReadLines(table).Any(line =>
        line.Split(' ', 5, StringSplitOptions.RemoveEmptyEntries) is [_, var local, _, HalfOpen, _]
        && local.EndsWith(port, StringComparison.Ordinal));
}
