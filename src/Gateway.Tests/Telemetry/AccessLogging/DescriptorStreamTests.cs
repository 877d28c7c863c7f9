using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using Gateway.Telemetry.AccessLogging;
using Gateway.Tests.Support;

namespace Gateway.Tests.Telemetry.AccessLogging;

public sealed class DescriptorStreamTests
{
    [LinuxFact]
    public async Task Write_ReaderIsThere_GetsItAll()
    {
        using var reader = new AnonymousPipeServerStream(PipeDirection.In);
        using var output = new AccessOutput(new DescriptorStream((int)reader.ClientSafePipeHandle.DangerousGetHandle()));

        output.Write("a line\n"u8);

        var read = new byte[7];
        await reader.ReadExactlyAsync(read);
        Assert.Equal("a line\n"u8, read);
    }

    [LinuxFact]
    public void Write_ReaderHasGone_IsAnError()
    {
        using var writer = new AnonymousPipeServerStream(PipeDirection.Out);
        using var output = new AccessOutput(new DescriptorStream((int)writer.SafePipeHandle.DangerousGetHandle()));
        writer.DisposeLocalCopyOfClientHandle();

        Assert.Throws<IOException>(() => output.Write("a line\n"u8));
    }

    [LinuxFact]
    public async Task Write_NonBlockingAndFull_WaitsForTheReader()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var writer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await writer.ConnectAsync(listener.LocalEndpoint);
        var descriptor = (int)writer.SafeHandle.DangerousGetHandle();
        // In the system as well, since the handle is out.
        writer.Blocking = false;
        using var reader = await listener.AcceptSocketAsync();
        var all = new byte[32 * 1024 * 1024];
        Random.Shared.NextBytes(all);

        var writing = Task.Run(() =>
        {
            using var output = new DescriptorStream(descriptor);
            output.Write(all);
            writer.Shutdown(SocketShutdown.Send);
        });
        using var read = new MemoryStream();
        await using (var stream = new NetworkStream(reader))
        {
            await stream.CopyToAsync(read);
        }

        await writing;
        Assert.Equal(all, read.ToArray());
    }
}
