using System.Globalization;

namespace Gateway.Telemetry.AccessLogging;

/// <summary>A file as the place of the access log: appended to, and opened anew when it was rotated.</summary>
/// <remarks>
/// All three habits of log rotation work. Rename, with or without a new file in its place: the kernel names the file
/// that is open in <c>/proc/self/fd</c>, and when that name is no longer what it was, the path is opened again. Rename
/// and SIGHUP: <see cref="Reopen"/>. Copy and truncate: each write goes to the end as it is then. When the disk is full, the file ends
/// with the last line that had room.
/// </remarks>
internal sealed class AccessFile : IAccessSink
{
    private readonly string _path;
    private FileStream? _file;
    private string? _nameWhenOpened;
    private volatile bool _reopen;
    private bool _isTorn;

    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be opened.</exception>
    public AccessFile(string path)
    {
        _path = path;
        _file = Open();
    }

    /// <summary>Opens the file again before the next write. May be called from any thread.</summary>
    public void Reopen() => _reopen = true;

    public void Write(ReadOnlySpan<byte> lines)
    {
        if (_reopen || (_file is not null && NameOf(_file) != _nameWhenOpened))
        {
            _reopen = false;
            _file?.Dispose();
            _file = null;
        }

        try
        {
            _file ??= Open();
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }

        var end = _file.CanSeek ? _file.Seek(0, SeekOrigin.End) : 0;
        if (_isTorn)
        {
            _file.Write("\n"u8);
            end++;
        }

        try
        {
            _isTorn = true;
            _file.Write(lines);
            _isTorn = false;
        }
        catch (IOException e) when (_file.CanSeek)
        {
            throw new LinesLostException(Mend(_file, end, lines), e);
        }
    }

    public void Dispose() => _file?.Dispose();

    private FileStream Open()
    {
        var file = new FileStream(
            _path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        _nameWhenOpened = NameOf(file);
        _isTorn = false;
        return file;
    }

    /// <summary>Takes away the line that is written in part only.</summary>
    /// <param name="file">The file.</param>
    /// <param name="end">Where it ended before.</param>
    /// <param name="lines">What was to be written there.</param>
    /// <returns>Bytes of the lines that are written wholly.</returns>
    private int Mend(FileStream file, long end, ReadOnlySpan<byte> lines)
    {
        var written = file.Length - end;
        if (written < 0 || written > lines.Length)
        {
            // Somebody else has cut it or appended to it meanwhile.
            return 0;
        }

        var kept = lines[..(int)written].LastIndexOf((byte)'\n') + 1;
        try
        {
            if (kept < written)
            {
                file.SetLength(end + kept);
            }

            _isTorn = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A disk that fails: the next write begins with the end of this line.
        }

        return kept;
    }

    /// <summary>The kernel's name of an open file, or null where there is no <c>/proc</c>.</summary>
    private static string? NameOf(FileStream file)
    {
        var descriptor = file.SafeFileHandle.DangerousGetHandle();
        var link = new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}"));
        return link.LinkTarget;
    }
}
