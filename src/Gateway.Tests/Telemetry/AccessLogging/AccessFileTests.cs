using System.Text;
using Gateway.Telemetry.AccessLogging;
using Gateway.Tests.Support;

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

    /// <summary>The lines that had room are there, whole, and what comes when there is room again begins a line.</summary>
    [SmallDiskTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Write_DiskIsFull_EndsWithAWholeLine(bool isFullToTheByte)
    {
        using var disk = new SmallDisk(_directory);
        using var file = new AccessFile(Log);
        file.Write("first\n"u8);
        var filler = disk.Fill();
        var room = SmallDisk.Page - "first\n".Length;
        var line = new string('x', isFullToTheByte ? (room / 10) - 1 : 1000) + '\n';

        var error = Assert.Throws<LinesLostException>(() => file.Write(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(line, 20)))));

        var kept = room / line.Length;
        Assert.Equal(kept * line.Length, error.Kept);
        Assert.Equal("first\n" + string.Concat(Enumerable.Repeat(line, kept)), File.ReadAllText(Log));
        File.Delete(filler);
        file.Write("last\n"u8);
        Assert.Equal("first\n" + string.Concat(Enumerable.Repeat(line, kept)) + "last\n", File.ReadAllText(Log));
    }

    /// <summary>What cannot be cut off is ended.</summary>
    [LinuxFact]
    public void Write_PipeWasClosedMeanwhile_BeginsALine()
    {
        Pipe.Make(Log);
        var reader = OpenPipe();
        using var file = new AccessFile(Log);
        file.Write("1\n"u8);
        reader.Dispose();
        Assert.ThrowsAny<IOException>(() => file.Write("2\n"u8));
        using var next = OpenPipe();

        file.Write("3\n"u8);
        file.Write("4\n"u8);

        var read = new byte[7];
        next.ReadExactly(read);
        Assert.Equal("1\n\n3\n4\n"u8, read);
    }

    [SmallDiskFact]
    public void WriteToTheOutput_DiskIsFull_TheNextBeginsALine()
    {
        using var disk = new SmallDisk(_directory);
        using var output = new AccessOutput(new FileStream(Log, FileMode.Create, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0));
        output.Write("first\n"u8);
        var filler = disk.Fill();
        var line = Encoding.ASCII.GetBytes(new string('x', SmallDisk.Page) + '\n');

        Assert.ThrowsAny<IOException>(() => output.Write(line));
        File.Delete(filler);
        output.Write("last\n"u8);

        // A FileStream writes where it was, not at the end.
        Assert.StartsWith("first\n\nlast\n", File.ReadAllText(Log), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NoDirectory_Throws() =>
        Assert.ThrowsAny<IOException>(() => new AccessFile(Path.Combine(_directory, "none", "access.log")));

    // Open for both, it does not wait for another.
    private FileStream OpenPipe() => new(Log, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
}
