using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>Has an interface leave no checksum to a network card, as <c>ethtool -K eth0 tx off</c> does.</summary>
internal static partial class SoftwareChecksums
{
    private const uint Ethtool = 0x8946;
    private const uint SetChecksums = 0x17;
    private const int RequestBytes = 40;
    private const int NameBytes = 16;

    public static unsafe void Use(NetworkNamespace host, string device)
    {
        if (!host.Exec("ip", "-o", "link").Contains($" {device}@", StringComparison.Ordinal))
        {
            return;
        }

        using var socket = host.Inside(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        var command = stackalloc uint[] { SetChecksums, 0 };
        var request = stackalloc byte[RequestBytes];
        Encoding.ASCII.GetBytes(device, new Span<byte>(request, NameBytes));
        *(nint*)(request + NameBytes) = (nint)command;
        Assert.Equal(0, IoControl((int)socket.Handle, Ethtool, request));
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static unsafe partial int IoControl(int descriptor, nuint request, byte* argument);
}
