using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Gateway.EventLoop;
using Gateway.Tests.Support;

namespace Gateway.Tests.EventLoop;

public partial class ListenSocketTests
{
    [LinuxFact]
    public void Close_AnotherProgramHasACopy_NobodyIsTakenInAnyMore()
    {
        var socket = ListenSocket.Open(new IPEndPoint(IPAddress.Loopback, 0));
        var endPoint = socket.LocalEndPoint!;
        using var copy = new SafeSocketHandle(Duplicate((int)socket.Handle), ownsHandle: true);
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);

        ListenSocket.Close(socket);

        Assert.False(copy.IsInvalid);
        Assert.Equal(SocketError.ConnectionRefused, Assert.Throws<SocketException>(() => client.Connect(endPoint)).SocketErrorCode);
    }

    [LinuxFact]
    public void Close_Again_LeavesTheNextOwnerOfTheNumberAlone()
    {
        var first = ListenSocket.Open(new IPEndPoint(IPAddress.Loopback, 0));
        ListenSocket.Close(first);
        using var next = ListenSocket.Open(new IPEndPoint(IPAddress.Loopback, 0));
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);

        ListenSocket.Close(first);

        client.Connect(next.LocalEndPoint!);
        Assert.True(client.Connected);
    }

    [LibraryImport("libc", EntryPoint = "dup")]
    private static partial int Duplicate(int fd);
}
