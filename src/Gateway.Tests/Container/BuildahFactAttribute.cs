using System.ComponentModel;

namespace Gateway.Tests.Container;

/// <summary>A test that builds the image; skipped with the reason where that cannot be done without downloading.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class BuildahFactAttribute : FactAttribute
{
    private static readonly string[] _baseImages =
        ["mcr.microsoft.com/dotnet/sdk:10.0", "mcr.microsoft.com/dotnet/aspnet:10.0"];

    private static readonly Lazy<string?> _obstacle = new(FindObstacle);

    public BuildahFactAttribute() => Skip = _obstacle.Value;

    private static string? FindObstacle()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return "needs root: buildah runs the image in a chroot";
        }

        try
        {
            return _baseImages.FirstOrDefault(image => !IsLocal(image)) is { } missing
                ? $"base image {missing} is not in buildah's storage (buildah pull {missing})"
                : null;
        }
        catch (Win32Exception)
        {
            return "buildah is not installed";
        }
    }

    private static bool IsLocal(string image)
    {
        using var process = Buildah.Start("inspect", "--type", "image", "--format", "{{.FromImageID}}", image);
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
