namespace Gateway.Tests.Support;

/// <summary>A program in a real terminal of a given size, in a tmux server of its own that ends when disposed.</summary>
internal sealed class Tmux : IAsyncDisposable
{
    private readonly string _server = $"gateway-test-{Guid.NewGuid():N}";

    /// <summary>Starts the program.</summary>
    public static async Task<Tmux> StartAsync(int columns, int rows, params string[] command)
    {
        var tmux = new Tmux();
        await tmux.RunAsync(["-f", "/dev/null", "new-session", "-d", "-x", $"{columns}", "-y", $"{rows}", .. command]);
        return tmux;
    }

    /// <summary>What the terminal shows, without blanks at the ends of lines.</summary>
    public async Task<string> ScreenAsync() =>
        string.Join('\n', (await RunAsync(["capture-pane", "-p"])).Split('\n').Select(line => line.TrimEnd())).TrimEnd('\n') + "\n";

    /// <summary>Types keys by their tmux names, such as <c>s</c>, <c>Tab</c> or <c>Enter</c>.</summary>
    public async Task TypeAsync(params string[] keys) => await RunAsync(["send-keys", .. keys]);

    public async Task<string> UntilAsync(string text)
    {
        var screen = "";
        await Eventually.TrueAsync(async () => (screen = await ScreenAsync()).Contains(text, StringComparison.Ordinal), $"the screen shows '{text}'");
        return screen;
    }

    public async ValueTask DisposeAsync() => await RunAsync(["kill-server"]);

    private async Task<string> RunAsync(string[] arguments)
    {
        await using var tmux = DebianProcess.Start("tmux", ["-L", _server, .. arguments]);
        await tmux.WaitForExitAsync();
        return tmux.Output;
    }
}
