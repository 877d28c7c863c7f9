using System.Runtime.InteropServices;

namespace Gateway.Telemetry.AccessLogging;

/// <summary>Writes to a descriptor that the process was started with, such as its standard output, and tells every failure.</summary>
/// <remarks>The stream that .NET makes of the standard output takes a reader that has gone for a success, and a
/// <see cref="FileStream"/> would write over what others write into the same file. The descriptor stays open.</remarks>
/// <param name="descriptor">The descriptor; whoever else has it may have made it non-blocking.</param>
internal sealed partial class DescriptorStream(int descriptor) : Stream
{
    public const int StandardOutput = 1;

    private const int Interrupted = 4; // EINTR
    private const int WouldBlock = 11; // EAGAIN
    private const short Writable = 4; // POLLOUT

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Returns when the operating system has all of it.</summary>
    /// <exception cref="IOException">It does not take it, or not all.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var written = Write(descriptor, buffer, (nuint)buffer.Length);
            if (written >= 0)
            {
                buffer = buffer[(int)written..];
                continue;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted:
                    break;
                case WouldBlock:
                    // What is wrong with the descriptor is told by the next write.
                    var wanted = new Waiting { Descriptor = descriptor, Events = Writable };
                    _ = Poll(ref wanted, 1, -1);
                    break;
                case var error:
                    throw new IOException(Marshal.GetPInvokeErrorMessage(error), error);
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        // Nothing is kept back.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, ReadOnlySpan<byte> buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref Waiting waiting, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct Waiting
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }
}
