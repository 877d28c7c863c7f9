using Gateway.Tests.Simulation;
using Gateway.Tests.Support;

namespace Gateway.Tests.Commands;

/// <summary>The console in a real terminal.</summary>
public sealed class TerminalTests(ConsoleRig rig) : IClassFixture<ConsoleRig>
{
    private static readonly string _program = Path.Combine(AppContext.BaseDirectory, "Gateway.dll");

    [NeedsTheory("tmux")]
    [InlineData(80, 24)]
    [InlineData(120, 40)]
    public async Task Top_Screen_Golden(int columns, int rows)
    {
        await using var terminal = await Tmux.StartAsync(columns, rows, "dotnet", _program, "top", "--url", rig.Url);

        // The last line whole: the screen is drawn line by line.
        var screen = await terminal.UntilAsync("backup 1       0      0       0");

        Repository.AssertFile($"src/Gateway.Tests/Golden/Console/top-{columns}x{rows}.txt", screen);
        await terminal.TypeAsync("q");
    }

    [NeedsTheory("tmux")]
    [InlineData(80, 24)]
    [InlineData(120, 40)]
    public async Task Top_LongNames_Golden(int columns, int rows) => await ConsoleRig.WithAsync("""
        {
          "ReverseProxy": { "Clusters": { "shop": { "LoadBalancingPolicy": "wrr", "Destinations": {
            "127.0.0.1-19001": { "Address": "http://127.0.0.1:19001" },
            "web-01.eu-central.example.com": { "Address": "http://[2001:db8:1234:5678:9abc:def0:1234:5678]:8443" },
            "last": { "Address": "http://[2001:db8::2]:8443", "Weight": 7 } } },
            "z": { "LoadBalancingPolicy": "wrr", "Destinations": { "zz": { "Address": "http://127.0.0.1:2" } } } } }
        }
        """, async rig =>
        {
            await using var terminal = await Tmux.StartAsync(columns, rows, "dotnet", _program, "top", "--url", rig.Url);

            // The last line whole.
            var screen = await terminal.UntilAsync("http://127.0.0.1:2  ready       1       0      0       0");

            Repository.AssertFile($"src/Gateway.Tests/Golden/Console/top-long-{columns}x{rows}.txt", screen);
            await terminal.TypeAsync("q");
        });

    [NeedsTheory("tmux")]
    [InlineData(80, 24)]
    [InlineData(120, 40)]
    public async Task Console_TabAndHistory_Golden(int columns, int rows)
    {
        await using var terminal = await Tmux.StartAsync(columns, rows, "dotnet", _program, "console", "--url", rig.Url);
        await terminal.UntilAsync("gateway [mail]>");

        await terminal.TypeAsync("s", "h", "Tab");
        await terminal.UntilAsync("> show");
        await terminal.TypeAsync("Enter");
        await terminal.UntilAsync("sorry");
        await terminal.TypeAsync("w", "e", "Tab", "m", "Tab", "s", "Tab");
        await terminal.UntilAsync("> weight mail/sorry");
        await terminal.TypeAsync("C-u", "g", "r", "o", "u", "p", "Space", "x", "Enter");
        await terminal.UntilAsync("no cluster 'x'");
        await terminal.TypeAsync("Up");
        var screen = await terminal.UntilAsync("no cluster 'x'. Known: mail.\ngateway [mail]> group x");

        Repository.AssertFile($"src/Gateway.Tests/Golden/Console/console-{columns}x{rows}.txt", screen);
    }
}
