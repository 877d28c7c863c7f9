using Gateway.Configuration;
using Gateway.State;

namespace Gateway.Hosting;

/// <summary>Reads the <c>State</c> section.</summary>
internal static class StateSection
{
    private const string DefaultDirectory = "State";

    /// <summary>In the directory the configuration names, else in the one systemd made for the service, else in <c>State</c>
    /// beside the configuration's file: a folder of that file's name, since files of one directory are configurations of
    /// different nodes. A configuration that is no file keeps no state.</summary>
    public static StateOptions Read(LoadedConfiguration configuration)
    {
        var named = configuration.Root["State:Directory"];
        if (named?.Length == 0 || configuration.SourceFile is not { } file || !File.Exists(file))
        {
            return new StateOptions();
        }

        var beside = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var directory = Path.GetFullPath(
            named ?? Environment.GetEnvironmentVariable("STATE_DIRECTORY")?.Split(':')[0] ?? DefaultDirectory, beside);
        return new StateOptions { Directory = Path.Combine(directory, Path.GetFileName(file)) };
    }
}
