namespace Gateway.Configuration;

/// <summary>What tells one version of a file from another without reading it.</summary>
/// <remarks>Both are asked of the opened file, so that every symbolic link on the way has been followed: a ConfigMap is
/// replaced by swapping a link two directories up, and the link at the path itself never changes.</remarks>
internal readonly record struct FileStamp(DateTime Modified, long Length)
{
    /// <summary>The stamp of what is at <paramref name="path"/> now, or null when nothing can be opened
    /// there.</summary>
    public static FileStamp? Of(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            return new FileStamp(File.GetLastWriteTimeUtc(file), RandomAccess.GetLength(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Gone, or between removal and replacement: nothing to read, and the configuration in use stays.
            return null;
        }
    }
}
