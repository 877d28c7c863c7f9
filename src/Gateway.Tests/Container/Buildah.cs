using System.Diagnostics;

namespace Gateway.Tests.Container;

/// <summary>Runs <c>buildah</c>, which builds and runs images without a daemon.</summary>
internal static class Buildah
{
    /// <summary>Runs one command to its end and returns what it printed; a failure is an exception with all of it.</summary>
    public static async Task<string> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        return process.ExitCode == 0
            ? (await output).Trim()
            : throw new InvalidOperationException(
                $"buildah {arguments[0]} ended with {process.ExitCode}:\n{await output}\n{await errors}");
    }

    public static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("buildah", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // Needs no namespaces, so it also works inside another container.
        start.Environment["BUILDAH_ISOLATION"] = "chroot";
        return Process.Start(start)!;
    }
}
