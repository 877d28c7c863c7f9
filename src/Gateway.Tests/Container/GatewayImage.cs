using System.Runtime.CompilerServices;

namespace Gateway.Tests.Container;

/// <summary>The image of <c>deploy/docker/Dockerfile</c>, built when the first test asks for it.</summary>
public sealed class GatewayImage : IAsyncLifetime
{
    private readonly string _name = $"localhost/gateway-test:{Guid.NewGuid():N}";
    private Task<string>? _build;

    /// <summary>Returns the image's name. Not thread-safe: the tests of one class run one after the other.</summary>
    public async Task<string> BuildAsync()
    {
        var root = RepositoryRoot();
        _build ??= Buildah.RunAsync(
            "bud", "--isolation", "chroot", "--pull-never", "--layers=false", "--format", "docker",
            "--tag", _name, "--file", Path.Combine(root, "deploy/docker/Dockerfile"), root);
        await _build;
        return _name;
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_build is { IsCompletedSuccessfully: true })
        {
            await Buildah.RunAsync("rmi", _name);
        }
    }

    private static string RepositoryRoot([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "../../.."));
}
