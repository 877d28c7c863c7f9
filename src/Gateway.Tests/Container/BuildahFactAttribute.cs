using System.Diagnostics;
using Gateway.Tests.Support;

namespace Gateway.Tests.Container;

/// <summary>A test that builds the image; skipped with the reason where that cannot be done without downloading.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class BuildahFactAttribute : FactAttribute
{
    private static readonly string[] _baseImages =
        ["mcr.microsoft.com/dotnet/sdk:10.0", "mcr.microsoft.com/dotnet/aspnet:10.0"];

    private static readonly Lazy<string?> _obstacle = new(FindObstacle);

    public BuildahFactAttribute() => Skip = _obstacle.Value;

    private static string? FindObstacle() =>
        !Environment.IsPrivilegedProcess ? "Needs root: buildah runs the image in a chroot."
        : DebianProcess.WhyNot(["buildah"]) is { } missing ? missing
        : _baseImages.FirstOrDefault(image => !IsLocal(image)) is { } absent
            ? $"Base image {absent} is not in buildah's storage (buildah pull {absent})."
        : null;

    private static bool IsLocal(string image)
    {
        using var process = Process.Start(new ProcessStartInfo("buildah", ["inspect", "--type", "image", image])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
