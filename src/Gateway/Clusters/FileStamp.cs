namespace Gateway.Clusters;

/// <summary>What tells one version of a file from another without reading it.</summary>
/// <param name="IsRegular">Whether it is a plain file. Of a pipe, a device or a folder only the identity is told: opening
/// one may wait for ever.</param>
/// <param name="Device">The file system; 0 where only Linux would know it.</param>
/// <param name="Inode">The file in it, which a rename replaces; 0 where only Linux would know it.</param>
/// <param name="Modified">When its content changed, which <c>cp -p</c> and <c>rsync -t</c> set back.</param>
/// <param name="Changed">When anything of it changed, which nobody can set; 0 where only Linux would know it.</param>
/// <param name="Length">Its size in bytes.</param>
/// <remarks>All is asked of the file at the end of the path, so that every symbolic link on the way has been followed: a
/// ConfigMap is replaced by swapping a link two directories up, and the link at the path itself never changes.</remarks>
internal readonly record struct FileStamp(
    bool IsRegular, ulong Device = 0, ulong Inode = 0, long Modified = 0, long Changed = 0, long Length = 0)
{
    /// <summary>The stamp of what is at <paramref name="path"/> now, or null when nothing is, or nothing that can be opened.
    /// </summary>
    public static FileStamp? Of(string path)
    {
        if (OperatingSystem.IsLinux() && LinuxFileStatus.TryGetStamp(path, out var stamp))
        {
            return stamp;
        }

        try
        {
            using var file = File.OpenHandle(path);
            return new FileStamp(
                true, Modified: File.GetLastWriteTimeUtc(file).Ticks, Length: RandomAccess.GetLength(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Gone, or between removal and replacement: nothing to read, and the configuration in use stays.
            return null;
        }
        catch (NotSupportedException)
        {
            // A pipe has no length.
            return new FileStamp(false);
        }
    }
}
