using System.Runtime.InteropServices;

namespace Gateway.Clusters;

/// <summary>What Linux knows of a file without opening it, which .NET does not tell: whether it is a regular file, its
/// inode, and when the inode changed.</summary>
/// <remarks>statx(2), <c>struct statx</c> of include/uapi/linux/stat.h, which is the same on every architecture.</remarks>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal readonly partial struct LinuxFileStatus
{
    private const int WorkingDirectory = -100;
    private const uint BasicStatistics = 0x7ff;
    private const int TypeMask = 0xf000;
    private const int RegularType = 0x8000;
    private const int NotPermitted = 1;
    private const int NotImplemented = 38;

    [FieldOffset(28)]
    private readonly ushort _mode;

    [FieldOffset(32)]
    private readonly ulong _inode;

    [FieldOffset(40)]
    private readonly long _size;

    [FieldOffset(96)]
    private readonly Time _changed;

    [FieldOffset(112)]
    private readonly Time _modified;

    [FieldOffset(136)]
    private readonly ulong _device;

    private readonly record struct Time(long Seconds, uint Nanoseconds);

    /// <summary>The stamp of what the path leads to, null when there is nothing; false when the kernel cannot be
    /// asked.</summary>
    public static bool TryGetStamp(string path, out FileStamp? stamp)
    {
        stamp = null;
        if (Query(WorkingDirectory, path, 0, BasicStatistics, out var status) != 0)
        {
            // Old container engines forbid the call.
            return Marshal.GetLastPInvokeError() is not (NotPermitted or NotImplemented);
        }

        stamp = (status._mode & TypeMask) == RegularType
            ? new FileStamp(true, status._device, status._inode, Ticks(status._modified), Ticks(status._changed), status._size)
            : new FileStamp(false, status._device, status._inode);
        return true;
    }

    private static long Ticks(Time time) => (time.Seconds * 1_000_000_000) + time.Nanoseconds;

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Query(int folder, string path, int flags, uint mask, out LinuxFileStatus status);
}
