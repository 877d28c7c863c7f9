using System.Runtime.InteropServices;
using Gateway.Configuration;
using Gateway.Tests.Support;

namespace Gateway.Tests.Configuration;

/// <content>The ways in which a file is replaced.</content>
public sealed partial class ConfigurationReloaderTests
{
    [Fact]
    public async Task ReplaceByRename_IsApplied()
    {
        using var reloader = Started(weight: 1);
        var other = Path.Combine(_folder.Path, "new.json");

        Write(other, weight: 2);
        File.Move(other, _file, overwrite: true);
        await LookAsync(reloader);

        Assert.Equal([2], _applied);
    }

    [Fact]
    public async Task DeleteAndCreate_KeepsTheOldAndThenAppliesTheNew()
    {
        using var reloader = Started(weight: 1);

        File.Delete(_file);
        await LookAsync(reloader);
        Assert.Contains("is gone", Assert.Single(_log.Lines), StringComparison.Ordinal);
        Assert.Equal((ReloadResult.Applied, 0), (reloader.Status.LastResult, reloader.Status.Failures));
        Write(_file, weight: 2);
        await LookAsync(reloader);

        Assert.Equal([2], _applied);
    }

    // As Kubernetes does it: appsettings.json -> ..data/appsettings.json, and ..data is a link that is replaced whole.
    [Fact]
    public async Task ConfigMapSwap_IsApplied()
    {
        foreach (var version in new[] { 1, 2 })
        {
            Directory.CreateDirectory(Path.Combine(_folder.Path, $"..v{version}"));
            Write(Path.Combine(_folder.Path, $"..v{version}", "appsettings.json"), weight: version);
        }

        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "..data"), "..v1");
        File.CreateSymbolicLink(_file, "..data/appsettings.json");
        using var reloader = Started(weight: null);

        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "..data_tmp"), "..v2");
        Assert.Equal(0, Rename(Path.Combine(_folder.Path, "..data_tmp"), Path.Combine(_folder.Path, "..data")));
        await LookAsync(reloader);

        Assert.Equal([2], _applied);
    }

    [Fact]
    public async Task HalfWrittenFile_ThatIsCompletedInAMoment_IsNoError()
    {
        using var reloader = Started(weight: 1);
        var whole = Json(2);

        File.WriteAllText(_file, whole[..(whole.Length / 2)]);
        await LookAsync(reloader, times: 3);
        Write(_file, weight: 2);
        await LookAsync(reloader);

        Assert.Equal([2], _applied);
        Assert.Equal(0, reloader.Status.Failures);
    }

    [LinuxFact]
    public async Task PipeInPlaceOfTheFile_IsRefusedUnread_AndTheNextFileIsApplied()
    {
        using var reloader = Started(weight: 1);

        File.Delete(_file);
        Pipe.Make(_file);
        await LookAsync(reloader);
        Assert.Equal("is not a regular file", Assert.Single(reloader.Status.LastErrors).Rule);
        Assert.Equal(1, reloader.Status.Failures);
        File.Delete(_file);
        Write(_file, weight: 2);
        await LookAsync(reloader);

        Assert.Equal([2], _applied);
    }

    // As cp -p and rsync --times leave it.
    [LinuxFact]
    public async Task EditThatKeepsSizeAndTime_IsApplied()
    {
        using var reloader = Started(weight: 1);
        var time = File.GetLastWriteTimeUtc(_file);

        File.WriteAllText(_file, Json(2));
        File.SetLastWriteTimeUtc(_file, time);
        await LookAsync(reloader);

        Assert.Equal([2], _applied);
    }

    [LinuxFact]
    public async Task ReplacementThatKeepsSizeAndTime_IsApplied()
    {
        using var reloader = Started(weight: 1);
        var other = Path.Combine(_folder.Path, "new.json");

        File.WriteAllText(other, Json(2));
        File.SetLastWriteTimeUtc(other, File.GetLastWriteTimeUtc(_file));
        File.Move(other, _file, overwrite: true);
        await LookAsync(reloader);

        Assert.Equal([2], _applied);
    }

    [LibraryImport("libc", EntryPoint = "rename", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);
}
