using System.Diagnostics;

namespace Gateway.Tests.Container;

/// <summary>Runs <c>buildah</c>, which builds and runs images without a daemon.</summary>
internal static class Buildah
{
    /// <summary>Runs one command to its end and returns what it printed; a failure is an exception with all of it.</summary>
    public static async Task<string> RunAsync(params string[] arguments)
    {
        var (exitCode, output, errors) = await TryAsync(arguments);
        return exitCode == 0
            ? output.Trim()
            : throw new InvalidOperationException($"buildah {arguments[0]} ended with {exitCode}:\n{output}\n{errors}");
    }

    public static async Task<(int ExitCode, string Output, string Errors)> TryAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("buildah", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }
}
