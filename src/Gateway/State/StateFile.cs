using System.Text.Json;

namespace Gateway.State;

/// <summary>The file that keeps what must outlive the process. A reader finds the old or the new content, never a part: it
/// is written beside and renamed.</summary>
/// <remarks>One process owns the directory while it holds <c>state.lock</c>; another one reads and does not write.</remarks>
internal sealed class StateFile(string directory) : IDisposable
{
    /// <summary>Larger files are not read: ten thousand destinations with every word make less.</summary>
    private const int MostBytes = 64 * 1024 * 1024;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private FileStream? _lock;

    public string Path { get; } = System.IO.Path.Combine(directory, "state.json");

    public void Dispose() => _lock?.Dispose();

    /// <summary>What was saved; null when nothing was.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="JsonException">It is no state of this version.</exception>
    public SavedState? Read()
    {
        if (!File.Exists(Path))
        {
            return null;
        }

        if (new FileInfo(Path).Length > MostBytes)
        {
            throw new JsonException($"It has more than {MostBytes} bytes.");
        }

        return SavedState.Parse(File.ReadAllBytes(Path));
    }

    /// <summary>Replaces what was saved, and returns when the disk has it.</summary>
    /// <exception cref="IOException">The directory cannot be written, or belongs to another process.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory may not be written.</exception>
    public void Write(SavedState state)
    {
        Own();
        var next = Path + ".next";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using (var stream = new FileStream(next, options))
        {
            stream.Write(state.ToJson());
            stream.Flush(flushToDisk: true);
        }

        File.Move(next, Path, overwrite: true);
    }

    /// <summary>Puts a file that cannot be understood aside, so that it is neither lost nor in the way.</summary>
    /// <exception cref="IOException">The directory cannot be written, or belongs to another process.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory may not be written.</exception>
    public void PutAside()
    {
        Own();
        File.Move(Path, Path + ".unreadable", overwrite: true);
    }

    /// <summary>Makes the directory this process's, creating it if need be.</summary>
    /// <exception cref="IOException">It cannot be written, or belongs to another process.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public void Own()
    {
        if (_lock is null)
        {
            Directory.CreateDirectory(directory);
            _lock = new FileStream(
                System.IO.Path.Combine(directory, "state.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
    }
}
