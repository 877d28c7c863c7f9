using System.Runtime.InteropServices;

namespace Gateway.Tests.Support;

/// <summary>A named pipe (FIFO) in a folder.</summary>
internal static partial class Pipe
{
    /// <summary>Makes the pipe, for this user, and returns its path.</summary>
    public static string Make(string path)
    {
        Assert.Equal(0, MakePipe(path, 0x180));
        return path;
    }

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakePipe(string path, uint mode);
}
