using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Management.Api;

namespace Gateway.Management.Changes;

/// <summary>The overlay and its earlier versions on disk, or in memory where there is no configuration file. May be used from any
/// thread.</summary>
/// <remarks>Files are written beside their place and renamed into it, so that a crash leaves the old or the new one, and are
/// readable by their owner alone, since they may hold hashes of passwords. One Gateway writes them, the one that holds
/// <c>overlay.lock</c>.</remarks>
internal sealed class Versions(string? overlayFile) : IDisposable
{
    /// <summary>Older ones are removed.</summary>
    public const int Most = 100;

    private readonly Lock _gate = new();
    private readonly SortedDictionary<int, Version> _memory = [];
    private FileStream? _lock;

    /// <summary>A version with its overlay; null is none.</summary>
    internal sealed record Version(VersionView About, JsonObject? Overlay);

    private string? Folder => overlayFile is null ? null : Path.Combine(Path.GetDirectoryName(overlayFile)!, "versions");

    /// <summary>All versions, the latest first.</summary>
    public IReadOnlyList<VersionView> All()
    {
        lock (_gate)
        {
            return [.. Numbers().OrderDescending().ToList().Select(number => Find(number)?.About
                ?? new VersionView(number, File.GetLastWriteTimeUtc(FileOf(Folder!, number)), "", "(its file cannot be read)", []))];
        }
    }

    /// <summary>A version; null when there is none, or its file is damaged.</summary>
    public Version? Find(int number)
    {
        lock (_gate)
        {
            if (Folder is not { } folder)
            {
                return _memory.GetValueOrDefault(number);
            }

            try
            {
                var file = FileOf(folder, number);
                return File.Exists(file) && JsonSerializer.Deserialize<Version>(File.ReadAllBytes(file), ApiJson.Options)
                    is { About: not null } version ? version : null;
            }
            catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
            {
                // One that is damaged must not hide the others; the list names it.
                return null;
            }
        }
    }

    /// <summary>Keeps an overlay as the one in force and as a new version; returns its number.</summary>
    /// <exception cref="IOException">It cannot be written; the old one stays.</exception>
    public int Add(JsonObject? overlay, string by, string comment, IReadOnlyList<DifferenceView> changes, DateTimeOffset now)
    {
        lock (_gate)
        {
            return AddNeedsLock(overlay, by, comment, changes, now);
        }
    }

    private int AddNeedsLock(
        JsonObject? overlay, string by, string comment, IReadOnlyList<DifferenceView> changes, DateTimeOffset now)
    {
        var numbers = Numbers().ToList();
        var number = numbers.DefaultIfEmpty(0).Max() + 1;
        var version = new Version(new VersionView(number, now, by, comment, changes), overlay);
        if (Folder is not { } folder)
        {
            _memory[number] = version;
            foreach (var old in numbers.Where(n => n <= number - Most))
            {
                _memory.Remove(old);
            }

            return number;
        }

        Own();
        Write(FileOf(folder, number), JsonSerializer.SerializeToUtf8Bytes(version, ApiJson.Options));
        try
        {
            Write(overlayFile!, Bytes(overlay ?? []));
        }
        catch
        {
            // A version is what was in force and kept.
            File.Delete(FileOf(folder, number));
            throw;
        }

        foreach (var old in numbers.Where(n => n <= number - Most))
        {
            File.Delete(FileOf(folder, old));
        }

        return number;
    }

    /// <summary>Why nothing could be written now; null when it could.</summary>
    public string? WhyNotWritable()
    {
        if (overlayFile is null)
        {
            return null;
        }

        try
        {
            Own();
            var trial = overlayFile + ".trial";
            Write(trial, []);
            File.Delete(trial);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    public void Dispose() => _lock?.Dispose();

    /// <summary>Makes the folder this process's.</summary>
    /// <exception cref="IOException">It cannot be written, or belongs to another process.</exception>
    private void Own()
    {
        lock (_gate)
        {
            var folder = Path.GetDirectoryName(overlayFile)!;
            CreateFolder(folder);
            _lock ??= new FileStream(
                Path.Combine(folder, "overlay.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
    }

    /// <summary>An overlay as it is written.</summary>
    public static byte[] Bytes(JsonObject overlay) => JsonSerializer.SerializeToUtf8Bytes(overlay, _indented);

    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    private static string FileOf(string folder, int number) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{number:000000}.json"));

    /// <summary>Writes a file that only its owner may read, whole or not at all.</summary>
    public static void Write(string file, byte[] content)
    {
        CreateFolder(Path.GetDirectoryName(file)!);
        var next = file + ".next";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var stream = new FileStream(next, options))
        {
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }

        File.Move(next, file, overwrite: true);
    }

    public static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private IEnumerable<int> Numbers() => Folder is not { } folder ? _memory.Keys
        : !Directory.Exists(folder) ? []
        : Directory.EnumerateFiles(folder, "*.json")
            .Select(file => int.TryParse(Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0)
            .Where(n => n > 0);
}
