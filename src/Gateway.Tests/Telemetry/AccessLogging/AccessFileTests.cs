using Gateway.Telemetry.AccessLogging;

namespace Gateway.Tests.Telemetry.AccessLogging;

public sealed class AccessFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("gateway-access").FullName;

    private string Log => Path.Combine(_directory, "access.log");

    private string Old => Path.Combine(_directory, "access.log.1");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Write_FileThatExists_IsAppendedTo()
    {
        File.WriteAllText(Log, "old\n");
        using var file = new AccessFile(Log);

        file.Write("new\n"u8);

        Assert.Equal("old\nnew\n", File.ReadAllText(Log));
    }

    [Fact]
    public void Write_FileWasRenamedAway_GoesToANewOne()
    {
        using var file = new AccessFile(Log);
        file.Write("1\n"u8);

        File.Move(Log, Old);
        file.Write("2\n"u8);
        file.Write("3\n"u8);

        Assert.Equal("1\n", File.ReadAllText(Old));
        Assert.Equal("2\n3\n", File.ReadAllText(Log));
    }

    [Fact]
    public void Write_FileWasReplaced_GoesToTheOneInItsPlace()
    {
        using var file = new AccessFile(Log);
        file.Write("1\n"u8);

        File.Move(Log, Old);
        File.WriteAllText(Log, "created by rotation\n");
        file.Write("2\n"u8);

        Assert.Equal("created by rotation\n2\n", File.ReadAllText(Log));
    }

    [Fact]
    public void Write_FileWasDeleted_GoesToANewOne()
    {
        using var file = new AccessFile(Log);
        File.Delete(Log);

        file.Write("1\n"u8);

        Assert.Equal("1\n", File.ReadAllText(Log));
    }

    [Fact]
    public void Write_FileWasTruncated_StartsAtItsBeginning()
    {
        using var file = new AccessFile(Log);
        file.Write("1\n"u8);

        using (var truncated = File.Open(Log, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            truncated.SetLength(0);
        }

        file.Write("2\n"u8);

        Assert.Equal("2\n", File.ReadAllText(Log));
    }

    [Fact]
    public void Write_ThroughASymbolicLink_Works()
    {
        File.CreateSymbolicLink(Log, Path.Combine(_directory, "real.log"));
        using var file = new AccessFile(Log);

        file.Write("1\n"u8);
        file.Write("2\n"u8);

        Assert.Equal("1\n2\n", File.ReadAllText(Log));
    }

    [Fact]
    public void Write_DirectoryIsGoneAndBack_ThrowsThenWorks()
    {
        var inner = Path.Combine(_directory, "inner");
        Directory.CreateDirectory(inner);
        var path = Path.Combine(inner, "access.log");
        using var file = new AccessFile(path);
        Directory.Delete(inner, recursive: true);

        Assert.ThrowsAny<IOException>(() => file.Write("lost\n"u8));
        Directory.CreateDirectory(inner);
        file.Write("kept\n"u8);

        Assert.Equal("kept\n", File.ReadAllText(path));
    }

    [Fact]
    public void Open_NoDirectory_Throws() =>
        Assert.ThrowsAny<IOException>(() => new AccessFile(Path.Combine(_directory, "none", "access.log")));
}
