using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Support;

/// <summary>Finds TCP ports for programs that must be told theirs.</summary>
/// <remarks>
/// Ports come from below the kernel's range for outgoing connections (32768 and up), so that no client of another test
/// can take one between the finding and the program's own bind. Two test runs at once start at different places.
/// </remarks>
internal static class FreePort
{
    private const int First = 20_000;
    private const int Count = 12_000;

    private static int _next = Environment.ProcessId * 97 % Count;

    public static int On(IPAddress address)
    {
        for (var i = 0; i < Count; i++)
        {
            var port = First + ((Interlocked.Increment(ref _next) & int.MaxValue) % Count);
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(address, port));
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Taken by somebody else: try the next one.
            }
        }

        throw new InvalidOperationException($"No free port on {address}.");
    }
}
