using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Gateway.Tests.Support;

/// <summary>A file system of a few pages over a folder, which can be filled; gone when disposed.</summary>
internal sealed partial class SmallDisk : IDisposable
{
    private const int Pages = 8;
    private const int Detach = 2;

    private readonly string _folder;

    /// <summary>What is in the folder already is covered.</summary>
    public SmallDisk(string folder)
    {
        _folder = folder;
        if (Mount("tmpfs", folder, "tmpfs", 0, $"size={Pages * Page}") != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Files take up whole ones.</summary>
    public static int Page => Environment.SystemPageSize;

    /// <summary>Why there cannot be one here; null when there can.</summary>
    public static string? WhyNot { get; } = Try();

    /// <summary>Takes all pages that no file has begun, by a file whose path is returned.</summary>
    public string Fill()
    {
        var path = Path.Combine(_folder, "filler");
        File.WriteAllBytes(path, new byte[new DriveInfo(_folder).AvailableFreeSpace]);
        return path;
    }

    public void Dispose()
    {
        if (Unmount(_folder, Detach) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    private static string? Try()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "Small disks are made by Linux.";
        }

        using var folder = new TemporaryFolder();
        try
        {
            new SmallDisk(folder.Path).Dispose();
            return null;
        }
        catch (Win32Exception e)
        {
            return $"A small disk cannot be mounted: {e.Message}.";
        }
    }

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string source, string target, string type, nuint flags, string options);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unmount(string target, int flags);
}

/// <summary>A fact that needs a <see cref="SmallDisk"/>, skipped where there cannot be one.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SmallDiskFactAttribute : FactAttribute
{
    public SmallDiskFactAttribute() => Skip = SmallDisk.WhyNot;
}

/// <summary>A theory that needs a <see cref="SmallDisk"/>, skipped where there cannot be one.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SmallDiskTheoryAttribute : TheoryAttribute
{
    public SmallDiskTheoryAttribute() => Skip = SmallDisk.WhyNot;
}
