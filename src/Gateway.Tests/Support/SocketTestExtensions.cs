using System.Net.Sockets;

namespace Gateway.Tests.Support;

/// <summary>What tests do with a raw socket, each with a deadline.</summary>
internal static class SocketTestExtensions
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    /// <summary>Sends everything.</summary>
    public static async Task SendAllAsync(this Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes).AsTask().WaitAsync(_deadline)..];
        }
    }

    /// <summary>Reads until the other side closes its half.</summary>
    public static async Task<byte[]> ReadToEndAsync(this Socket socket)
    {
        using var all = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (await socket.ReceiveAsync(buffer).WaitAsync(_deadline) is var length and > 0)
        {
            all.Write(buffer, 0, length);
        }

        return all.ToArray();
    }

    /// <summary>Reads exactly this many bytes.</summary>
    public static async Task<byte[]> ReadExactlyAsync(this Socket socket, int count)
    {
        var bytes = new byte[count];
        for (var got = 0; got < count;)
        {
            var length = await socket.ReceiveAsync(bytes.AsMemory(got)).AsTask().WaitAsync(_deadline);
            Assert.True(length > 0, $"closed after {got} of {count} bytes");
            got += length;
        }

        return bytes;
    }

    /// <summary>Waits for the other side's reset; anything else that comes fails the test.</summary>
    public static async Task ReadResetAsync(this Socket socket)
    {
        var error = await Assert.ThrowsAsync<SocketException>(() => socket.ReceiveAsync(new byte[1]).WaitAsync(_deadline));
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }
}
